/** Which addresses webhooks may go to, by their text alone. */
import { describe, expect, test } from "vitest";
import { parseConfig } from "../../server/shared/config/config.ts";
import { parseDestination, type Reach } from "../../server/shared/config/destination.ts";

const reachOf = (env: object): Reach | undefined => {
  const config = parseConfig({ JWT_SECRET: "a-secret-of-this-test-at-least-32-bytes-long", ...env });
  return config.ok ? config.value.webhooks.reach : undefined;
};
const deployed = { http: false, loopback: false };
const development = { http: true, loopback: true };
const ownMachine = { http: false, loopback: true };

describe("destinations", () => {
  const everywhere = [
    "https://example.com/hook",
    "https://example.com:8443/hook?token=a",
    "https://8.8.8.8/",
    "https://[2606:4700::1111]/",
    "https://xn--bcher-kva.example/",
    "https://localhost.example.com/",
    "https://hooks.local.example.com/",
    "https://a_b.example.com/",
    "https://example.com./",
  ];
  test.for(everywhere)("[D6] %s is taken", (url) => {
    expect(parseDestination(url, deployed).ok).toBe(true);
    expect(parseDestination(url, development).ok).toBe(true);
  });

  const inDevelopmentOnly = [
    "http://example.com/",
    "http://127.0.0.1:9000/",
    "https://127.8.8.8/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://0177.0.0.1/",
    "http://１２７.0.0.1/",
    "http://[::1]:9000/",
    "http://[::ffff:127.0.0.1]/",
    "http://localhost:9000/",
    "http://LOCALHOST./",
    "http://hook.localhost/",
  ];
  test.for(inDevelopmentOnly)("[D6] %s is taken in development only", (url) => {
    expect(parseDestination(url, deployed).ok).toBe(false);
    expect(parseDestination(url.replace("http:", "https:"), deployed).ok).toBe(url === "http://example.com/");
    expect(parseDestination(url, development).ok).toBe(true);
  });

  const nowhere = [
    // private, shared, link-local, multicast, reserved
    "https://10.1.2.3/",
    "https://172.16.0.1/",
    "https://172.31.255.255/",
    "https://192.168.1.1/",
    "https://100.64.0.1/",
    "https://169.254.169.254/",
    "https://224.0.0.1/",
    "https://0.0.0.0/",
    "https://255.255.255.255/",
    "https://240.0.0.1/",
    "https://192.0.2.1/",
    "https://198.18.0.1/",
    // spellings of the same
    "https://0xa9fea9fe/",
    "https://2852039166/",
    "https://0251.0376.0251.0376/",
    "https://10.65793/",
    "https://192.168.1.1./",
    "https://０x0a.1/",
    // IPv6: unique-local, link-local, site-local, multicast, unspecified, mapped, compatible, translated, tunnelled
    "https://[fc00::1]/",
    "https://[fd12:3456::1]/",
    "https://[fe80::1]/",
    "https://[fec0::1]/",
    "https://[ff02::1]/",
    "https://[::]/",
    "https://[::ffff:10.0.0.1]/",
    "https://[::ffff:a00:1]/",
    "https://[::10.0.0.1]/",
    "https://[64:ff9b::10.0.0.1]/",
    "https://[2002:a00:1::]/",
    "https://[2001:0:1::]/",
    "https://[2001:db8::1]/",
    // names
    "https://intranet/",
    "https://printer.local/",
    "https://metadata.google.internal/",
    "https://metadata.google.internal./",
    "https://nas.lan/",
    "https://router.home.arpa/",
    "https://1.0.0.10.in-addr.arpa/",
    "https://kubernetes.default.svc/",
    "https://kubernetes.default.svc.cluster.local/",
    "https://kubernetes.default.svc.k8s.acme.com/",
    "https://consul.service.consul/",
    "https://localhost6.localdomain6/",
    "https://hooks.test/",
    "https://hooks.invalid/",
    "https://duckduckgogg42xjoc72x3sjasowoarfbgcmvfimaftt6twagswzczad.onion/",
    "https://HOOKS.Test./",
    "https://a..b/",
    "https://a..example.com/",
    "https://example.com../",
    "https://.example.com/",
    "https://-a.example.com/",
    `https://${"a".repeat(64)}.example.com/`,
    "https://127.0.0.1.nip.io/",
    "https://10-0-0-1.sslip.io/",
    "https://lvh.me/",
    "https://fritz.box/",
    // ports of other things than web servers
    "https://example.com:22/",
    "https://example.com:25/",
    "https://example.com:80/",
    "https://example.com:6379/",
    "https://example.com:5432/",
    "https://example.com:10250/",
    "https://8.8.8.8:2375/",
    // credentials, other schemes, no URL
    "https://user@example.com/",
    "https://user:pass@example.com/",
    "https://:pass@example.com/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "example.com",
    "https://",
    "",
  ];
  test.for(nowhere)("[D6] %s is refused everywhere", (url) => {
    expect(parseDestination(url, deployed).ok).toBe(false);
    expect(parseDestination(url, development).ok).toBe(false);
    expect(parseDestination(url, ownMachine).ok).toBe(false);
  });

  test("[D6] this machine alone may be let in: by http there, and nowhere else", () => {
    for (const url of ["http://127.0.0.1:22/", "http://[::1]:9000/", "https://localhost/"]) {
      expect(parseDestination(url, ownMachine).ok).toBe(true);
    }
    for (const url of ["http://example.com/", "http://10.0.0.1/", "http://127.0.0.1.nip.io/", "http://0.0.0.0/"]) {
      expect(parseDestination(url, ownMachine).ok).toBe(false);
    }
  });

  test("[D6] a variable lets this machine in, under npm start alone", () => {
    const asked = { AUTH_MODE: "required", WEBHOOK_ALLOW_LOOPBACK: "true" };
    expect(reachOf({ ...asked, LOCAL_RUNTIME: "true" })).toEqual(ownMachine);
    expect(reachOf(asked)).toEqual(deployed);
    expect(reachOf({ LOCAL_RUNTIME: "true" })).toEqual(deployed);
    expect(parseConfig({ WEBHOOK_ALLOW_LOOPBACK: "yes" }).ok).toBe(false);
  });
});
