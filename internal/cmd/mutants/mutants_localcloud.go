package main

// localCloudMutants break the local cloud where its tests would only take
// longer.
func localCloudMutants() []mutant {
	return []mutant{
		{
			name: "localcloud/catalog-made-anew",
			file: "internal/localcloud/localstack.go",
			old:  "os.CopyFS(filepath.Join(state, staticFolder)",
			new:  "os.CopyFS(filepath.Join(state, \"elsewhere\")",
			pkg:  "./internal/localcloud", test: "^TestCatalogIsReady$",
		},
	}
}
