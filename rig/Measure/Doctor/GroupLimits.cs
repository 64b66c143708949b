namespace Lab.Measure;

/// <summary>What the control groups of this process grant: the least along the way from its own group to the root, in version 2
/// and in version 1.</summary>
internal static class GroupLimits
{
    private const string Mount = "/sys/fs/cgroup";

    /// <summary>Cores' worth of time, or null when no group sets a limit.</summary>
    public static double? CpuQuota(MachineFiles files) => Least(
        Folders(files, "cpu").Select(folder =>
            MachineLimits.ParseCpuMax(files.Read($"{folder}/cpu.max"))
            ?? MachineLimits.ParseCpuMax(
                $"{files.Read($"{folder}/cpu.cfs_quota_us")} {files.Read($"{folder}/cpu.cfs_period_us")}")));

    /// <summary>How often the process's own group has been stopped for having used its share.</summary>
    public static long? Throttled(MachineFiles files)
    {
        foreach (string folder in Folders(files, "cpu"))
        {
            foreach (string line in (files.Read($"{folder}/cpu.stat") ?? "").Split('\n'))
            {
                if (line.StartsWith("nr_throttled ", StringComparison.Ordinal)) return KernelText.Number(
                    line["nr_throttled ".Length..]);
            }
        }
        return null;
    }

    /// <summary>Bytes, or null when no group sets a limit.</summary>
    public static long? MemoryLimit(MachineFiles files) => (long?)Least(
        Folders(files, "memory")
            .SelectMany(folder => new[] { files.Number($"{folder}/memory.max"), files.Number($"{folder}/memory.limit_in_bytes") })
            // version 1 writes "none" as a number near 2^63
            .Select(limit => limit is < long.MaxValue / 2 ? (double?)limit : null));

    /// <summary>The folders of the process's group and of those above it, the innermost first.</summary>
    private static IEnumerable<string> Folders(MachineFiles files, string controller)
    {
        foreach (string line in (files.Read("/proc/self/cgroup") ?? "0::/").Split('\n'))
        {
            string[] fields = line.Split(':', 3);
            if (fields.Length < 3) continue;
            bool isUnified = fields[1].Length == 0;
            if (!isUnified && !fields[1].Split(',').Contains(controller)) continue;
            string[] mounts = isUnified ? [Mount, $"{Mount}/unified"] : [$"{Mount}/{fields[1]}", $"{Mount}/{controller}"];
            string mount = mounts.FirstOrDefault(one => files.Exists($"{one}/cgroup.procs")) ?? mounts[0];
            // A container often sees the path of the outside and the folder of the inside: what is missing reads as no limit.
            for (string path = fields[2].TrimEnd('/'); ; path = path[..path.LastIndexOf('/')])
            {
                yield return mount + path;
                if (path.Length == 0 || !path.StartsWith('/')) break;
            }
        }
    }

    private static double? Least(IEnumerable<double?> limits) => limits.Where(limit => limit is > 0).Min();
}
