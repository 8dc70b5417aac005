package main

// certbotSecretMutants let the certificate function say what it must not.
func certbotSecretMutants() []mutant {
	const (
		pkg  = "./internal/certbot"
		test = "^TestNoSecrets$"
	)
	return []mutant{
		{
			name: "certbot/account-key-logged",
			file: "internal/certbot/runner.go",
			old:  "		transport, err := r.connect(r.config.ACME.CACertificatePEM)\n",
			new:  "		r.log.InfoContext(ctx, \"logging in\", \"key\", key)\n		transport, err := r.connect(r.config.ACME.CACertificatePEM)\n",
			pkg:  pkg, test: test,
		},
		{
			name: "certbot/damaged-account-key-told-in-an-error",
			file: "internal/certbot/account.go",
			old:  "		return nil, fmt.Errorf(\"reading SSM parameter (%s): %w; delete the parameter to begin with a new account\", name, err)\n",
			new:  "		return nil, fmt.Errorf(\"reading SSM parameter (%s): %w: %q\", name, err, *out.Parameter.Value)\n",
			pkg:  pkg, test: test,
		},
		{
			name: "certbot/private-key-in-the-status",
			file: "internal/certbot/publish.go",
			old:  "	return s.have.stored(), err\n",
			new:  "	stored := s.have.stored()\n	stored.KeyVersion = string(t.key)\n	return stored, err\n",
			pkg:  pkg, test: test,
		},
		{
			name: "certbot/private-key-in-the-pointer",
			file: "internal/certbot/pointer.go",
			old:  "VersionObject(prefix, stored.Serial, KeyObject), hexSum(t.key)}",
			new:  "VersionObject(prefix, stored.Serial, KeyObject), hex.EncodeToString(t.key)}",
			pkg:  pkg, test: test,
		},
	}
}
