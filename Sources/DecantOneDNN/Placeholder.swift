// Placeholder until the first file of DecantOneDNN lands.
