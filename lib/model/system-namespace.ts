/** Where everything is that Windlass keeps in a cluster: the puller, its accounts, the applied records. */
export const systemNamespace = 'windlass-system';
