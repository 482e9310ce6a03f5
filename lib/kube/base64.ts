/** True for what Go's standard encoding takes: with padding, and with line breaks anywhere (https://pkg.go.dev/encoding/base64#Encoding.Decode). */
export function isBase64(text: string): boolean {
  return /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text.replace(/[\r\n]/g, ''));
}
