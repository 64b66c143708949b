using System.Globalization;
using System.Runtime.InteropServices;

namespace Lab.Measure;

/// <summary>What a result depends on besides the code: enough to tell whether two results may be compared. What a machine does
/// not say is null.</summary>
public sealed record EnvironmentFingerprint
{
    public required string? CpuModel { get; init; }

    public required MachineLimits Limits { get; init; }

    /// <summary>Cores the machine has online, allowed or not.</summary>
    public required int OnlineCpuCount { get; init; }

    /// <summary>As <c>uname -r</c> gives it.</summary>
    public required string Kernel { get; init; }

    public required string OperatingSystem { get; init; }

    public required string Architecture { get; init; }

    /// <summary>The processor says that a hypervisor runs it.</summary>
    public required bool? HasHypervisor { get; init; }

    /// <summary>QEMU emulates the processor (TCG): order and number of what happens are the kernel's, times are not.</summary>
    public required bool IsEmulated { get; init; }

    /// <summary>Of core 0; null where frequency is not the kernel's business, as in most guests.</summary>
    public required string? FrequencyGovernor { get; init; }

    /// <summary>The choice in force: always, madvise or never.</summary>
    public required string? TransparentHugePages { get; init; }

    public required string? Clocksource { get; init; }

    /// <summary>The kind of container, or null when no sign of one was found.</summary>
    public required string? Container { get; init; }

    /// <summary>Runnable threads averaged over the last minute, before the run added its own.</summary>
    public required double? LoadAverage { get; init; }

    public required string DotNet { get; init; }

    /// <summary>Whether methods start out unoptimised; a measuring process wants this off.</summary>
    public required bool TieredCompilation { get; init; }

    public required bool ServerGarbageCollection { get; init; }

    /// <summary>The commit checked out in the directory asked about; null when it is no checkout.</summary>
    public required string? Commit { get; init; }

    /// <summary>Reads it all now; takes a few milliseconds.</summary>
    /// <param name="directory">Whose commit is wanted, or anywhere below it; null for none.</param>
    public static EnvironmentFingerprint Read(string? directory = null)
    {
        string? cpu = KernelText.Read("/proc/cpuinfo"), flags = KernelText.Field(cpu, "flags");
        return new EnvironmentFingerprint
        {
            CpuModel = KernelText.Field(cpu, "model name"),
            Limits = MachineLimits.Read(),
            OnlineCpuCount = OnlineCpus(cpu),
            Kernel = KernelText.ReadLine("/proc/sys/kernel/osrelease") ?? Environment.OSVersion.Version.ToString(),
            OperatingSystem = RuntimeInformation.OSDescription,
            Architecture = RuntimeInformation.ProcessArchitecture.ToString(),
            HasHypervisor = flags?.Split(' ').Contains("hypervisor"),
            IsEmulated = EmulatedProcessor.IsHere(),
            FrequencyGovernor = KernelText.ReadLine("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
            TransparentHugePages = KernelText.Chosen(KernelText.ReadLine("/sys/kernel/mm/transparent_hugepage/enabled")),
            Clocksource = KernelText.ReadLine("/sys/devices/system/clocksource/clocksource0/current_clocksource"),
            Container = ContainerKind(),
            LoadAverage = FirstNumber(KernelText.ReadLine("/proc/loadavg")),
            DotNet = RuntimeInformation.FrameworkDescription,
            TieredCompilation = Setting("TieredCompilation", "System.Runtime.TieredCompilation", unset: true),
            ServerGarbageCollection = System.Runtime.GCSettings.IsServerGC,
            Commit = directory is null ? null : GitCheckout.Commit(directory),
        };
    }

    private static int OnlineCpus(string? cpuinfo)
    {
        int count = (cpuinfo ?? "").Split('\n').Count(line => line.StartsWith("processor", StringComparison.Ordinal));
        return count > 0 ? count : Environment.ProcessorCount;
    }

    private static string? ContainerKind()
    {
        if (Environment.GetEnvironmentVariable("container") is { Length: > 0 } kind) return kind;
        if (File.Exists("/.dockerenv")) return "docker";
        return File.Exists("/run/.containerenv") ? "podman" : null;
    }

    private static double? FirstNumber(string? text) =>
        double.TryParse((text ?? "").Split(' ')[0], CultureInfo.InvariantCulture, out double number) ? number : null;

    /// <summary>A runtime knob: the environment wins over the application's configuration.</summary>
    private static bool Setting(string variable, string property, bool unset)
    {
        if (Environment.GetEnvironmentVariable("DOTNET_" + variable) is { Length: > 0 } text)
        {
            return text.TrimStart('0').Length > 0;
        }
        return AppContext.TryGetSwitch(property, out bool isOn) ? isOn : unset;
    }
}
