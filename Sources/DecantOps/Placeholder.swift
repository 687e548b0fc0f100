// Placeholder until the first file of DecantOps lands.
