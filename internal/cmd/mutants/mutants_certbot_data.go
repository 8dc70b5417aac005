package main

// certbotDataMutants break what is told of a certificate in force, and how
// what nobody wants any more is deleted.
func certbotDataMutants() []mutant {
	const (
		pointer  = "internal/certbotstack/pointer.go"
		policies = "internal/certbotstack/policies.go"
		stack    = "./internal/certbotstack"
	)
	return []mutant{
		{
			name: "certbot/pointer-to-anywhere-believed",
			file: pointer,
			old:  "p.Key.ObjectKey != certbot.VersionObject(prefix, p.Version, certbot.KeyObject) ||",
			new:  "prefix == \"\" ||",
			pkg:  stack, test: "^TestReadPointer$",
		},
		{
			name: "certbot/pointers-closed-to-all-but-readers",
			file: policies,
			old:  "certbot.StatusPrefix + \"*\"}, s.pointerARNs()...)",
			new:  "certbot.StatusPrefix + \"*\"}, []string{}...)",
			pkg:  stack, test: "^TestPolicies$",
		},
	}
}
