// Placeholder until the first file of DecantRuntime lands.
