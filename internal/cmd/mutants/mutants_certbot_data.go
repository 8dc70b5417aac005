package main

// certbotDataMutants break what is told of a certificate in force, and how
// what nobody wants any more is deleted.
func certbotDataMutants() []mutant {
	const (
		pointer  = "internal/certbotstack/pointer.go"
		policies = "internal/certbotstack/policies.go"
		sweep    = "internal/certbot/sweep.go"
		adopt    = "internal/certbot/adopt.go"
		stack    = "./internal/certbotstack"
		pkg      = "./internal/certbot"
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
		{
			name: "certbot/swept-as-soon-as-expired",
			file: sweep,
			old:  "if time.Now().Before(expiry.Add(sweepAfter)) {",
			new:  "if time.Now().Before(expiry) {",
			pkg:  pkg, test: "^TestSweep$",
		},
		{
			name: "certbot/wanted-certificates-swept",
			file: sweep,
			old:  "return strings.HasPrefix(key, c.Prefix) })",
			new:  "return key == c.Prefix })",
			pkg:  pkg, test: "^TestSweepLeavesWhatCameBack$",
		},
		{
			name: "certbot/swept-in-a-bucket-of-others",
			file: sweep,
			old:  "if r.config.OwnBucket {",
			new:  "if r.config.Bucket != \"\" {",
			pkg:  pkg, test: "^TestSweepLeavesWhatIsOfOthers$",
		},
		{
			name: "certbot/swept-what-somebody-put-beside-it",
			file: sweep,
			old:  "return strings.HasPrefix(below, VersionsPrefix) || slices.Contains",
			new:  "return below != \"\" || slices.Contains",
			pkg:  pkg, test: "^TestSweepLeavesWhatIsOfOthers$",
		},
		{
			name: "certbot/adopted-from-others-in-a-shared-bucket",
			file: adopt,
			old:  "if r.config.OwnBucket {",
			new:  "if r.config.Bucket != \"\" {",
			pkg:  pkg, test: "^TestMovedCertificatesAreAdopted$",
		},
	}
}
