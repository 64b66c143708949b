using System.Text.Json.Serialization;

namespace Lab.Results;

/// <summary>How far a run got. A folder whose writer died still says <see cref="Running"/>; the store reads that as
/// partial.</summary>
public enum RunState
{
    [JsonStringEnumMemberName("running")] Running,
    [JsonStringEnumMemberName("complete")] Complete,
    [JsonStringEnumMemberName("partial")] Partial,
}

/// <summary>What the oracles said about one measurement.</summary>
public enum Verdict
{
    [JsonStringEnumMemberName("clean")] Clean,
    [JsonStringEnumMemberName("violated")] Violated,
    [JsonStringEnumMemberName("hung")] Hung,
    [JsonStringEnumMemberName("interrupted")] Interrupted,

    /// <summary>Given up: others had the cores, and whether it would have got on cannot be said.</summary>
    [JsonStringEnumMemberName("starved")] Starved,

    /// <summary>Nothing was violated, and no sample taken: it says nothing of the strategy.</summary>
    [JsonStringEnumMemberName("unmeasured")] Unmeasured,
}

/// <summary>Verdicts in words.</summary>
public static class VerdictWords
{
    /// <summary>What such a measurement was, after "is".</summary>
    public static string Word(this Verdict verdict) =>
        verdict == Verdict.Unmeasured ? "without a sample" : verdict.ToString().ToLowerInvariant();
}

/// <summary>What one invocation of <c>lab run</c> was asked, on what it ran, and which measurements it finished:
/// <c>manifest.json</c>. A measurement exists only when the manifest names it; rows of any other in the CSV files are left over
/// from a crash.</summary>
public sealed record Manifest
{
    /// <summary>The newest layout of a run folder that this program reads and the only one it writes.</summary>
    public const int NewestSchemaVersion = 1;

    [Between(1, NewestSchemaVersion), JsonRequired]
    public int SchemaVersion { get; init; } = NewestSchemaVersion;

    /// <summary>Name of the run folder; given by <see cref="RunFolder.Create"/>.</summary>
    [Name, JsonRequired]
    public string Id { get; init; } = "";

    [JsonRequired]
    public RunState State { get; init; }

    /// <summary>Null unless partial: <c>interrupted</c>, <c>watchdog</c>, <c>starved</c>, <c>killed</c>, …</summary>
    public string? PartialReason { get; init; }

    [JsonRequired]
    public DateTimeOffset StartedUtc { get; init; }

    public DateTimeOffset? FinishedUtc { get; init; }

    /// <summary>Who writes the folder, to tell a run that goes on from one that was killed.</summary>
    public WriterProcess? Process { get; init; }

    [JsonRequired]
    public IReadOnlyList<string> CommandLine { get; init; } = [];

    [JsonRequired]
    public ulong Seed { get; init; }

    [Commit]
    public string? GitCommit { get; init; }

    public bool? GitDirty { get; init; }
    public required MachineFacts Machine { get; init; }
    public required RuntimeFacts Runtime { get; init; }
    public required ClockFacts Clock { get; init; }

    /// <summary>Every setting, also those left at their default, so that a stranger can repeat the run.</summary>
    [JsonRequired]
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    [JsonRequired]
    public IReadOnlyList<string> Warnings { get; init; } = [];

    [JsonRequired]
    public IReadOnlyList<Measurement> Measurements { get; init; } = [];
}

/// <summary>The machine as the run found it.</summary>
public sealed record MachineFacts
{
    public required string Cpu { get; init; }

    [Between(1, Domain.CoresMax), JsonRequired]
    public int Cores { get; init; }

    [JsonRequired]
    public string Kernel { get; init; } = "";

    [JsonRequired]
    public string Os { get; init; } = "";

    /// <summary>0 if unknown.</summary>
    [JsonRequired]
    public long MemoryBytes { get; init; }

    /// <summary>Null on bare metal or if unknown.</summary>
    public string? Hypervisor { get; init; }

    /// <summary>True where a program was the processor: order, counts and verdicts are results, times are not. Else null, and not
    /// written, as in runs from before it was asked.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Emulated { get; init; }

    /// <summary>What <c>lab doctor --quick</c> says, by name; empty in runs from before it was asked.</summary>
    public IReadOnlyDictionary<string, string> Facts { get => field ?? Nothing; init; } = Nothing;

    /// <summary>What a generated deserializer leaves out is null.</summary>
    private static readonly Dictionary<string, string> Nothing = [];
}

/// <summary>The .NET runtime the run was measured on.</summary>
public sealed record RuntimeFacts
{
    public required string Dotnet { get; init; }

    [JsonRequired]
    public bool ServerGc { get; init; }

    [JsonRequired]
    public bool TieredCompilation { get; init; }
}

/// <summary>The clock every latency was read from.</summary>
public sealed record ClockFacts
{
    [Name]
    public required string Source { get; init; }

    [Between(1, 1e12), JsonRequired]
    public double FrequencyHz { get; init; }

    /// <summary>Cost of one reading; it is inside every sample and is not subtracted.</summary>
    [Between(0, 1e9), JsonRequired]
    public double CostNs { get; init; }

    /// <summary>Cost of a stamp that waits for what comes before it, in ns: the one that ends a sample.</summary>
    [Between(0, 1e9)]
    public double OrderedCostNs { get; init; }

    /// <summary>Whether its rate is independent of frequency and sleep states; null if unknown.</summary>
    public bool? Invariant { get; init; }

    public string? Note { get; init; }
}

/// <summary>One strategy under one workload on one MMU, once.</summary>
public sealed record Measurement
{
    [Name]
    public required string Strategy { get; init; }

    /// <summary>Folder of the strategy: <c>roots</c>, <c>roots/broken</c>, <c>notifier</c>, …</summary>
    [JsonRequired]
    public string Family { get; init; } = "";

    /// <summary>Known wrong and kept to be caught; its numbers are no result.</summary>
    [JsonRequired]
    public bool Broken { get; init; }

    /// <summary>A floor that no correct strategy can beat, not a candidate.</summary>
    [JsonRequired]
    public bool Bound { get; init; }

    [Name]
    public required string Workload { get; init; }

    [Name]
    public required string Mmu { get; init; }

    /// <summary>Number of the repetition, from 1.</summary>
    [Between(1), JsonRequired]
    public int Run { get; init; }

    [JsonRequired]
    public Verdict Verdict { get; init; }

    [JsonRequired]
    public int Violations { get; init; }

    /// <summary>Garbage collections inside the measured window.</summary>
    [JsonRequired]
    public int GcInWindow { get; init; }

    /// <summary>Methods compiled inside the measured window.</summary>
    [JsonRequired]
    public int JitInWindow { get; init; }

    [Between(0, 1e9), JsonRequired]
    public double MeasuredS { get; init; }

    /// <summary>In how many turns the window was measured, between which others ran; null where it was measured in one piece, and
    /// in older runs.</summary>
    [Between(1)]
    public int? Turns { get; init; }

    /// <summary>The largest share of an actor's steps that began in a turn and ended after it, which do not count; null in one
    /// piece.</summary>
    [Between(0, 1)]
    public double? CutShare { get; init; }

    /// <summary>The opening of the window on the machine's CLOCK_MONOTONIC line; null where it never opened, and in older
    /// runs.</summary>
    [Between(1)]
    public long? WindowStartNs { get; init; }

    /// <summary>Whether the load was warm and steady when the window opened; null where that was not asked, and in older
    /// runs.</summary>
    public bool? Steady { get; init; }

    /// <summary>Share of the processors' time in the window that the hypervisor gave to others; null where the system does not
    /// say.</summary>
    [Between(0, 1)]
    public double? StealShare { get; init; }

    /// <summary>Share of the processors' time in the window that other processes took; null where the system does not say, and in
    /// older runs.</summary>
    [Between(0, 1)]
    public double? OthersShare { get; init; }

    /// <summary>The largest share of a metric's samples that overlap a wait for a core which the lab's own threads had; null
    /// where nobody looked, or others took more than <see cref="Contamination.OthersMost"/>, and in older runs.</summary>
    [Between(0, 1)]
    public double? OwnWaits { get; init; }

    /// <summary>Whether another process looked for disturbances meanwhile; without, that none are listed means nothing.</summary>
    public bool Watched { get; init; }

    [JsonRequired]
    public IReadOnlyList<string> Notes { get; init; } = [];

    [JsonIgnore]
    public MeasurementKey Key => new(Strategy, Workload, Mmu, Run);

    [JsonIgnore]
    public Scene Scene => new(Workload, Mmu);
}

/// <summary>What tells one measurement of a run from another.</summary>
public readonly record struct MeasurementKey(string Strategy, string Workload, string Mmu, int Run);

/// <summary>A workload on an MMU: only strategies measured in the same scene may be compared.</summary>
public readonly record struct Scene(string Workload, string Mmu)
{
    public override string ToString() => $"{Workload} on {Mmu}";
}
