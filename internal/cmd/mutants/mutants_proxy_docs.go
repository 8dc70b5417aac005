package main

// proxyDocsMutants change what documents say or stand on.
func proxyDocsMutants() []mutant {
	const (
		flags = "proxy/internal/settings/settings.go"
		pkg   = "./proxy/internal/settings"
	)
	return []mutant{
		{
			name: "docs/default-differs",
			file: flags,
			old:  `"stall-timeout", 30*time.Second`,
			new:  `"stall-timeout", 60*time.Second`,
			pkg:  pkg, test: "^TestReadme$",
		},
		{
			name: "docs/setting-untold",
			file: flags,
			old:  `"any-host", false,`,
			new:  `"every-host", false,`,
			pkg:  pkg, test: "^TestReadme$",
		},
		{
			name: "docs/policy-grew",
			file: "internal/certbotstack/policies.go",
			old:  "const MaxRolePolicy = 10240",
			new:  "const MaxRolePolicy = 9000",
			pkg:  "./internal/certbotstack", test: "^TestHowManyTenants$",
		},
		{
			name: "docs/provider-added",
			file: "internal/localcloud/localstack.go",
			old:  `"PROVIDER_OVERRIDE_SQS=fargatedirect",`,
			new:  `"PROVIDER_OVERRIDE_SQS=fargatedirect", "PROVIDER_OVERRIDE_SSM=fargatedirect",`,
			pkg:  "./internal/localcloud", test: "^TestReadmeHasAllProviders$",
		},
	}
}
