// Placeholder until the first file of DecantBundle lands.
