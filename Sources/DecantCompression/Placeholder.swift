// Placeholder until the first file of DecantCompression lands.
