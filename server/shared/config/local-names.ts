/**
 * Host names that are no receiver of the public internet: what standards and habit keep for one's own network, and public
 * names made to lead into it. Text alone is looked at; nothing is resolved.
 */

/** Last labels: IANA's special-use names, those that ICANN keeps back, and those that platforms and networks use inside. */
const localEndings = new Set([
  // By standard: RFC 6761, 6762, 7686, 8375, 9476, and ICANN's .internal.
  ..."localhost local test invalid onion arpa alt internal".split(" "),
  // Kept back by ICANN, because networks use them.
  ..."home corp mail".split(" "),
  // In hosts files and routers.
  ..."localdomain localdomain4 localdomain6 localhost4 localhost6 localnet loopback".split(" "),
  ..."lan intranet private workgroup domain router gateway modem dhcp loc".split(" "),
  // Of clusters and service meshes.
  ..."svc cluster consul nomad docker kube kubernetes k8s node pod mesos marathon swarm rancher mesh".split(" "),
  ..."ec2 vpc novalocal openstacklocal".split(" "),
]);

/** Public names that lead to this machine, or to the address that stands in the name. */
const leadingInside =
  "localtest.me lvh.me vcap.me lacolhost.com localho.st fuf.me nip.io sslip.io xip.io traefik.me backname.io fritz.box".split(
    " ",
  );

const label = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** @param hostname as a URL's parser leaves it: in lower case, in ASCII; no address. */
export function isPublicName(hostname: string): boolean {
  const name = hostname.replace(/\.$/, "");
  const labels = name.split(".");
  const ending = labels.at(-1) ?? "";
  // A name without a dot is found in the local network only.
  if (labels.length < 2 || name.length > 253 || !labels.every((one) => label.test(one))) return false;
  // A cluster's own names have `svc` before whatever it calls itself.
  if (localEndings.has(ending) || labels.includes("svc")) return false;
  return !leadingInside.some((one) => name === one || name.endsWith(`.${one}`));
}
