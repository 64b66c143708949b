using Lab.Measure;
using Lab.Results;
using Lab.Time;

namespace Lab.Application.Measuring;

/// <summary>The machine this process runs on, as manifests describe it.</summary>
public static class ThisMachine
{
    public static MachineFacts Facts(EnvironmentFingerprint machine) => new()
    {
        Cpu = machine.CpuModel ?? "unknown",
        Cores = machine.Limits.UsableCores,
        Kernel = machine.Kernel,
        Os = machine.OperatingSystem,
        MemoryBytes = machine.Limits.TotalMemoryBytes ?? 0,
        Hypervisor = machine.HasHypervisor == true ? "present" : null,
        Emulated = machine.IsEmulated ? true : null,
    };

    public static RuntimeFacts Runtime(EnvironmentFingerprint machine) =>
        new() { Dotnet = machine.DotNet, ServerGc = machine.ServerGarbageCollection,
            TieredCompilation = machine.TieredCompilation };

    public static ClockFacts Facts(ClockInfo clock) => new()
    {
        Source = clock.Source.ToString().ToLowerInvariant(),
        FrequencyHz = clock.FrequencyHz,
        CostNs = clock.TicksCostNanoseconds,
        OrderedCostNs = clock.TicksOrderedCostNanoseconds,
        Invariant = clock.Invariant,
        Note = clock.Note,
    };

    /// <summary>What a run started now would say of where it ran, and nothing of what it measured.</summary>
    public static Manifest Manifest(IReadOnlyDictionary<string, string> settings)
    {
        EnvironmentFingerprint machine = EnvironmentFingerprint.Read(AppContext.BaseDirectory);
        return new Manifest
        {
            Machine = Facts(machine),
            Runtime = Runtime(machine),
            Clock = Facts(Clock.Default.Info),
            GitCommit = machine.Commit,
            GitDirty = machine.Commit is null ? null : WorkTree.IsDirty(AppContext.BaseDirectory),
            Settings = settings,
        };
    }
}
