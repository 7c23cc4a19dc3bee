import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  classOfHostPath,
  type HostPathClass,
  holdsRuntimeSocket,
  normalizeHostPath,
} from '../../core/k8s-audit/host-path.ts';

describe('normalizeHostPath', () => {
  it.each([
    ['/etc/', '/etc'],
    ['//etc//kubernetes/', '/etc/kubernetes'],
    ['/etc/.', '/etc'],
    ['/opt/../etc', '/etc'],
    ['/../..', '/'],
    ['/', '/'],
    ['', '/'],
    ['/ETC/Kubernetes', '/etc/kubernetes'],
    ['/proc/1/root', '/'],
    ['/proc/self/root/etc', '/etc'],
    ['/proc/1/task/1/root/proc/1/root/var', '/var'],
    ['/proc/1/cwd/etc', '/etc'],
    ['/host/etc', '/etc'],
    ['/.bottlerocket/rootfs/etc', '/etc'],
    ['/var/run/docker.sock', '/run/docker.sock'],
    ['/var/runner', '/var/runner'],
    ['/hosts', '/hosts'],
    ['/lib/modules', '/usr/lib/modules'],
    ['/libexec', '/libexec'],
    ['C:\\', '/'],
    ['c:\\Windows\\System32', '/windows/system32'],
    ['\\\\.\\pipe\\docker_engine', '/pipe/docker_engine'],
  ])('writes %j as %j', (path, normal) => expect(normalizeHostPath(path)).toBe(normal));

  it('is one spelling: doubled slashes, dots and a trailing slash change nothing, and neither does doing it twice', () => {
    const name = fc.stringMatching(/^[a-z][a-z.-]{0,8}$/);
    const joint = fc.constantFrom('/', '//', '/./', '/x/../');
    fc.assert(
      fc.property(fc.array(fc.tuple(joint, name)), (parts) => {
        const plain = normalizeHostPath(parts.map(([, part]) => `/${part}`).join(''));
        expect(normalizeHostPath(`${parts.map(([slash, part]) => slash + part).join('')}/`)).toBe(plain);
        expect(normalizeHostPath(plain)).toBe(plain);
      }),
    );
  });

  it('answers any text in time that grows with its length', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => normalizeHostPath(text).startsWith('/')));
    expect(normalizeHostPath('/host'.repeat(200_000))).toMatch(/^\//);
    expect(normalizeHostPath('/proc/1/root'.repeat(100_000))).toMatch(/^\//);
  });
});

describe('classOfHostPath', () => {
  it.each<[string, HostPathClass]>([
    ['/', 'node'],
    ['/var', 'node'],
    ['/var/lib', 'node'],
    ['/opt', 'node'],
    ['/etc/kubernetes/kubelet', 'node'],
    ['/var/lib/kubelet/pods', 'node'],
    ['/usr/bin', 'node'],
    ['/run', 'node'],
    ['/run/systemd', 'node'],
    ['/dev/nvme0n1', 'node'],
    ['/home/ec2-user/.ssh', 'node'],
    ['/run/docker.sock', 'runtime-socket'],
    ['/run/containerd/containerd.sock', 'runtime-socket'],
    ['/run/k3s/containerd/containerd.sock', 'runtime-socket'],
    ['/run/dbus/system_bus_socket', 'runtime-socket'],
    ['/run/api.sock', 'runtime-socket'],
    ['/pipe/containerd-containerd', 'runtime-socket'],
    ['/var/log/pods', 'limited'],
    ['/run/spire/sockets', 'limited'],
    ['/run/xtables.lock', 'limited'],
    ['/var/lib/kubelet/plugins/ebs.csi.aws.com', 'limited'],
    ['/dev/shm', 'limited'],
    ['/etc/localtime', 'limited'],
    ['/sys/fs/cgroup', 'common'],
    ['/usr/lib/modules', 'common'],
    ['/etc/ssl/certs', 'common'],
    ['/srv/data', 'other'],
    ['/opt/local-path-provisioner/pvc-1', 'other'],
    ['/mnt/disks/ssd0', 'other'],
    ['/etcd-data', 'other'],
    ['/variable', 'other'],
    ['/data/my-docker.sock.d', 'other'],
  ])('says of %s that it is %s', (path, kind) => expect(classOfHostPath(path)).toBe(kind));

  it('knows the directories that hold the sockets', () => {
    expect(holdsRuntimeSocket(normalizeHostPath('/var/run/'))).toBe(true);
    expect(holdsRuntimeSocket('/run/containerd')).toBe(true);
    expect(holdsRuntimeSocket('/run/spire')).toBe(false);
  });
});
