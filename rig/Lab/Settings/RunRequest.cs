using System.Globalization;
using Lab.Application.Catalogue;
using Lab.Hardware;
using Lab.Measure;
using Lab.Mmu;
using Lab.Strategies;
using Lab.Workloads;

namespace Lab.Application.Settings;

/// <summary>One invocation of <c>lab run</c>, checked: everything in it can be done on this machine.</summary>
public sealed record RunRequest
{
    public required IReadOnlyList<Subject> Strategies { get; init; }

    public required IReadOnlyList<WorkloadEntry> Workloads { get; init; }

    public string Mmu { get; init; } = "radix";

    /// <summary>Null on <c>radix</c>.</summary>
    public HardwareSettings? Hardware { get; init; }

    public int Runs { get; init; } = 3;

    public ulong Seed { get; init; } = 1;

    public string Out { get; init; } = Path.Combine("results", "runs");

    /// <summary>Assemblies that offered strategies of their own.</summary>
    public IReadOnlyList<string> Plugins { get; init; } = [];

    public OutputFormat Format { get; init; }

    public VmSettings Vm { get; init; } = new();

    public WindowSettings Window { get; init; } = new();

    public PerfChoice Perf { get; init; }

    /// <summary>Whether perf events are opened for the actors.</summary>
    public bool CountsThreads => Perf == PerfChoice.On || (Perf == PerfChoice.Auto && Mmu != "radix");

    public TraceChoice KernelTrace { get; init; }

    /// <summary>Whether a second process looks for what disturbs the run.</summary>
    public bool Watch { get; init; }

    /// <summary>Which tracepoints are asked for; null for none.</summary>
    public KernelTraceScope? TraceScope => KernelTrace switch
    {
        TraceChoice.On => KernelTraceScope.Full,
        TraceChoice.Auto when Mmu == "kvm" => KernelTraceScope.Rare,
        _ => null,
    };

    public WorkloadParameters Parameters { get; init; } = new();

    /// <summary>Self-test: share of its own time by which each memslot update is made longer, 0.1 for 10 %.</summary>
    public double Inject { get; init; }

    /// <summary>Name under which the finished run is kept; null for none.</summary>
    public string? SaveBaseline { get; init; }

    /// <summary>Whether a contaminated measurement is a failure.</summary>
    public bool Strict { get; init; }

    /// <summary>Length of the turns in which <c>lab compare</c> lets its arms measure; null for windows in one piece.</summary>
    public TimeSpan? Turn { get; init; }

    public bool DrawFigures { get; init; } = true;

    /// <summary>Every setting by the name of its option, for the manifest.</summary>
    public IReadOnlyDictionary<string, string> Describe()
    {
        CultureInfo invariant = CultureInfo.InvariantCulture;
        SortedDictionary<string, string> settings = new(StringComparer.Ordinal)
        {
            ["strategy"] = string.Join(",", Strategies.Select(strategy => strategy.Name)),
            ["workload"] = string.Join(",", Workloads.Select(workload => workload.Name)),
            ["mmu"] = Mmu,
            ["vcpus"] = Vm.Vcpus.ToString(invariant),
            ["memory"] = Quantities.DescribeBytes(Parameters.MemoryBytes),
            ["pages"] = Quantities.DescribeBytes(4096L << (9 * (Vm.LeafLevel - 1))),
            ["duration"] = Quantities.Describe(Window.Duration),
            ["warmup"] = Quantities.Describe(Window.WarmupMinimum),
            ["warmup-limit"] = Quantities.Describe(Window.WarmupLimit),
            ["steady-limit"] = Quantities.Describe(Window.SteadyLimit),
            ["watchdog"] = Quantities.Describe(Window.WatchdogTimeout),
            ["rate"] = Parameters.RatePerSecond == 0 ? "closed loop" : string.Create(invariant, $"{Parameters.RatePerSecond}/s"),
            ["runs"] = Runs.ToString(invariant),
            ["seed"] = Seed.ToString(invariant),
            ["operation"] = Parameters.Operation.ToString().ToLowerInvariant(),
            ["refill"] = Parameters.RefillPages switch { < 0 => "all", 0 => "none", var pages => pages.ToString(invariant) },
            ["trace"] = Parameters.Trace?.Name ?? "none",
            ["speed"] = Parameters.TraceAtFullSpeed ? "max" : "original",
            ["yield"] = Vm.Yield switch
            {
                YieldPolicy.Off => "off",
                YieldPolicy.AfterEntries => $"after:{Vm.YieldEntries}",
                _ => "contended",
            },
            ["zap-passes"] = Vm.Passes switch { ZapPasses.AsSource => "source", var passes => passes.ToString().ToLowerInvariant() },
            ["workers"] = Vm.Workers.ToString(invariant),
            ["insert"] = Vm.InsertAtTail ? "tail" : "head",
            ["grace"] = Quantities.Describe(Vm.GracePeriodMin),
            ["pin"] = Window.Pinning.ToString().ToLowerInvariant(),
            ["quiet"] = Describe(Window.Quiet),
            ["fifo-priority"] = Window.Quiet.FifoPriority.ToString(invariant),
            ["perf"] = Perf.ToString().ToLowerInvariant(),
            ["kernel-trace"] = KernelTrace.ToString().ToLowerInvariant(),
            ["watch"] = Watch ? "on" : "off",
            ["out"] = Out,
            ["format"] = Format.ToString().ToLowerInvariant(),
            ["plugin"] = Plugins.Count == 0 ? "none" : string.Join(",", Plugins),
            ["pause"] = Vm.PauseNanoseconds.Count == 0
                ? "none"
                : string.Join(",", Vm.PauseNanoseconds.Select(pause => $"{NameOf(pause.Key)}={pause.Value}ns")),
        };
        foreach ((string name, string value) in Describe(Parameters)) settings[name] = value;
        if (Turn is { } turn) settings["turns"] = Quantities.Describe(turn);
        if (Inject > 0) settings["inject"] = string.Create(invariant, $"{100 * Inject:0.###}%");
        if (Hardware is { } hardware)
            foreach ((string name, string value) in Describe(hardware)) settings[name] = value;
        return settings;
    }

    public static string NameOf(PausePoint point) =>
        point switch
        {
            PausePoint.FastZap => "fast-zap",
            PausePoint.PutEdge => "put-edge",
            PausePoint.RootFilter => "root-filter",
            _ => "detached",
        };

    /// <summary>As the user would type it.</summary>
    public static string Describe(QuietSettings quiet)
    {
        (bool Asked, string Name)[] parts = [(quiet.Pin, "pin"), (quiet.HoldOffIdleStates, "idle"), (quiet.Fifo, "fifo")];
        return quiet.IsNone ? "none" : string.Join(",", parts.Where(part => part.Asked).Select(part => part.Name));
    }

    /// <summary>Settings by option name, for the manifest.</summary>
    public static IEnumerable<(string Name, string Value)> Describe(WorkloadParameters parameters) =>
    [
        ("slots", parameters.Bystanders.ToString(CultureInfo.InvariantCulture)),
        ("updates", parameters.UpdatesPerSecond switch { null => "none", 0 => "max", { } rate => string.Create(CultureInfo.InvariantCulture, $"{rate}/s") }),
        ("storm-where", parameters.StormOutside ? "outside" : "slot"),
        ("storm-pages", parameters.StormFrames.ToString(CultureInfo.InvariantCulture)),
    ];

    /// <summary>Settings by option name, for the manifest.</summary>
    public static IEnumerable<(string Name, string Value)> Describe(HardwareSettings settings) =>
    [
        ("kvm-device", settings.KvmDevice),
        ("chunk", Quantities.DescribeBytes(settings.ChunkBytes)),
        ("contexts", settings.Contexts.ToString(CultureInfo.InvariantCulture)),
        ("backing", settings.Backing switch { BackingKind.Shared => "shared", BackingKind.Anonymous => "anon", _ => "thp" }),
        ("zap-all", settings.SlotZapAll ? "on" : "off"),
        ("userfault", settings.Userfault ? "on" : "off"),
        ("drop", settings.Drop == MemoryDrop.PunchHole ? "punch" : "madvise"),
        ("dirty", settings.Dirty == DirtyTracking.Ring ? "ring" : "log"),
    ];
}
