package main

// certbotCAMutants break what the certificate function and the provider do for
// authorities with wishes of their own.
func certbotCAMutants() []mutant {
	const (
		chain     = "internal/certbot/chain.go"
		binding   = "internal/certbot/binding.go"
		parameter = "internal/parts/secretparameter.go"
		pkg       = "./internal/certbot"
	)
	return []mutant{
		{
			name: "certbot/binding-signed-with-the-undecoded-key",
			file: binding,
			old:  "eab.KeyID, base64.RawURLEncoding.EncodeToString(key))",
			new:  "eab.KeyID, base64.RawURLEncoding.EncodeToString([]byte(base64.RawURLEncoding.EncodeToString(key))))",
			pkg:  pkg, test: "^TestAccountIsBound$",
		},
		{
			name: "certbot/hmac-key-wanted-for-an-account-that-is-there",
			file: binding,
			old:  "	if !isUnknownAccount(err) {\n",
			new:  "	if err != nil && !isUnknownAccount(err) {\n",
			pkg:  pkg, test: "^TestBoundAccountNeedsNoHMACKey$",
		},
		{
			name: "certbot/hmac-key-told-in-an-error",
			file: binding,
			old:  `return nil, errors.New("it is not base64url; give the key alone and as the authority shows it")`,
			new:  `return nil, fmt.Errorf("it is not base64url: %s", text)`,
			pkg:  pkg, test: "^TestRefusedBindings$",
		},
		{
			name: "certbot/alternate-chain-of-another-certificate",
			file: chain,
			old:  "		if err == nil && bytes.Equal(chain[0].Raw, leaf.Raw) {\n",
			new:  "		if err == nil && !bytes.Equal(chain[0].Raw, nil) {\n",
			pkg:  pkg, test: "^TestPreferredChain$",
		},
		{
			name: "certbot/no-preferred-chain-taken-for-a-failure",
			file: chain,
			old:  "strings.Join(offered, \" and \")))\n	return chain, nil\n",
			new:  "strings.Join(offered, \" and \")))\n	return nil, fmt.Errorf(\"no such chain\")\n",
			pkg:  pkg, test: "^TestPreferredChain$",
		},
		{
			name: "certbot/no-preferred-chain-asked-for-at-each-run",
			file: "internal/certbot/due.go",
			old:  "	case have.preferred != want.PreferredChain && !satisfies(",
			new:  "	case !satisfies(",
			pkg:  pkg, test: "^TestPreferredChain$",
		},
		{
			name: "certbot/changed-chain-waits-for-the-authority",
			file: "internal/certbot/memory.go",
			old:  "m.PreferredChain == c.PreferredChain && ",
			new:  "",
			pkg:  pkg, test: "^TestChangedPreferenceReissues$",
		},
		{
			name: "certbotstack/hmac-key-in-the-configuration",
			file: "internal/certbotstack/spec.go",
			old:  "c.ACME.EAB.HMACParameter = s.EABParameter()",
			new:  "c.ACME.EAB.HMACParameter = string(s.EAB.HMACKey)",
			pkg:  "./internal/certbotstack", test: "^TestPolicies$",
		},
		{
			name: "certbotstack/one-account-for-all-external-accounts",
			file: "internal/certbotstack/spec.go",
			old:  "account += \"\\n\" + s.EAB.KeyID",
			new:  "account += \"\"",
			pkg:  "./internal/certbotstack", test: "^TestDerived$",
		},
		{
			name: "parts/secret-marked-before-it-is-written",
			file: parameter,
			old:  "	case len(p.valueDrift(have)) > 0:\n",
			new:  "	case len(p.valueDrift(have)) > 0 && p.setTags(ctx, p.tags().Want) == nil:\n",
			pkg:  "./internal/parts", test: "^TestSecretParameterIs",
		},
		{
			name: "awsclient/secret-logged",
			file: "internal/awsclient/clients.go",
			old:  "			o.APIOptions = append(o.APIOptions, withoutLog)\n",
			new:  "",
			pkg:  "./internal/awsclient", test: "^TestSecretsAreNotLogged$",
		},
	}
}
