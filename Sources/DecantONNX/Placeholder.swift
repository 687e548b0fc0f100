// Placeholder until the first file of DecantONNX lands.
