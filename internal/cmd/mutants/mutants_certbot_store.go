package main

// certbotStoreMutants break how certificates are put in force and found again.
func certbotStoreMutants() []mutant {
	const (
		publish  = "internal/certbot/publish.go"
		adopt    = "internal/certbot/adopt.go"
		prune    = "internal/certbot/prune.go"
		rollback = "internal/certbot/rollback.go"
		pkg      = "./internal/certbot"
	)
	const putVersion = "	if err := s.putVersion(ctx, pointer.Version, t, from); err != nil {\n		return nil, err\n	}\n"
	const putPointer = "	if err := s.putPointer(ctx, pointer); err != nil {\n		return nil, err\n	}\n"
	return []mutant{
		{
			name: "certbot/pointer-before-what-it-names",
			file: publish,
			old:  putVersion + putPointer,
			new:  putPointer + putVersion,
			pkg:  pkg, test: "^TestPublishCrash$",
		},
		{
			name: "certbot/pointer-without-condition",
			file: "internal/certbot/store.go",
			old:  "input.IfMatch = aws.String(old.etag)",
			new:  "",
			pkg:  pkg, test: "^TestPointerOfAnotherRunStays$",
		},
		{
			name: "certbot/key-of-another-certificate-adopted",
			file: adopt,
			old:  "if r.ofAnother(c, prefix) || prefix == s.prefix {",
			new:  "if prefix == s.prefix {",
			pkg:  pkg, test: "^TestMovedCertificatesAreAdopted$",
		},
		{
			name: "certbot/older-certificate-adopted-for-a-renewal",
			file: adopt,
			old:  "	return unfit(c, directory, have, young) != \"\"",
			new:  "	return young != h.leaf().NotAfter",
			pkg:  pkg, test: "^TestEarlierVersionIsNoRenewal$",
		},
		{
			name: "certbot/kept-versions-deleted",
			file: prune,
			old:  "if s.pointer.keeps(serial) {",
			new:  "if s.pointer.Version == serial {",
			pkg:  pkg, test: "^TestOnlyLastVersionsStay$",
		},
		{
			name: "certbot/rollback-not-remembered",
			file: rollback,
			old:  "Withdrawn = i < after || i > after",
			new:  "Withdrawn = i > after",
			pkg:  pkg, test: "^TestRollback$",
		},
	}
}
