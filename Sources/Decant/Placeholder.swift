// Placeholder until the first file of Decant lands.
