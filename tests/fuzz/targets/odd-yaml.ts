// What YAML and its readers stumble over.

export const ODD_YAML: readonly string[] = [
  ...["null", "~", "[]", "{}", "-1", "5", "0", "1e99", '""', "true", ".nan", ".inf", "0x10", "0o7"],
  ...["!!binary x", "!!set {a}", "!!str 5", "!x", "&a ", "*a", "<<: *a", "<<", "? ", ": ", "- "],
  ...["\t", "\n", "---\n", "...\n", "'", '"', "|\n", ">\n", "#", "%YAML 9\n", "\u0000", "\ufeff"],
  ...["__proto__", "constructor", "toString", "hasOwnProperty", "\u2028", "\u{1f600}", "\ud800"],
  ...["0.0.0.0/0", "::/0", "10.0.0.0/33", "2001:db8::/129", "255.255.255.255/32", "::ffff:1.2.3.4"],
  ...["4294967296", "9007199254740993", "99999", "1-65535", "65535-1", "0-0", "1,1", "80,443-444"],
  ...["1h", "0s", "-5m", "999999h", "1.5s", "ports: 0", "not: 10.0.0.0/8", "default: true"],
  ...["flowsPerHost: 1", "hairpin: true", "mtu: 68", "preset: reference", "action: deny"],
];
