using System.Text;
using Lab.Results.Comparisons;

namespace Lab.Results.Tracking;

/// <summary>Short names of what must not change within a series: 12 hexadecimal digits of SHA-256.</summary>
public static class Fingerprint
{
    /// <summary>Of a machine: processor, cores, memory in GiB, hypervisor, operating system and kernel. A new kernel begins new
    /// series, unless the kernel is what varies from point to point.</summary>
    public static string Of(MachineFacts machine, ComparedSubject subject = ComparedSubject.Strategy)
    {
        // Rounded: what firmware keeps for itself varies from boot to boot.
        long memoryGib = (machine.MemoryBytes + (1L << 29)) >> 30;
        string[] kernel = subject == ComparedSubject.Kernel ? [] : [machine.Kernel];
        return Hash([machine.Cpu, $"{machine.Cores}", $"{memoryGib}", machine.Hypervisor ?? "", machine.Os, .. kernel]);
    }

    /// <summary>Of a run's settings, whatever their order.</summary>
    /// <param name="except">Names that do not change what is measured: how often, with which seed.</param>
    public static string Of(IReadOnlyDictionary<string, string> settings, IReadOnlyCollection<string> except) =>
        Hash(settings.Where(setting => !except.Contains(setting.Key)).OrderBy(setting => setting.Key, StringComparer.Ordinal)
            .SelectMany(setting => new[] { setting.Key, setting.Value }));

    // Each part with its length: "ab", "c" is not "a", "bc".
    private static string Hash(IEnumerable<string> parts)
    {
        string all = string.Concat(parts.Select(part => FormattableString.Invariant($"{part.Length}:{part}")));
        return Convert.ToHexStringLower(Sha256.Hash(Encoding.UTF8.GetBytes(all)))[..12];
    }
}
