using System.CommandLine;
using System.Globalization;
using Lab.Application;
using Lab.Application.Catalogue;
using Lab.Application.Settings;
using Lab.Cli.Run;
using Lab.Measure;
using Lab.Mmu;
using Lab.Strategies;
using Lab.Workloads;

namespace Lab.Cli.Options;

/// <summary>The options of <c>lab run</c>, and how they become a <see cref="RunRequest"/>.</summary>
internal sealed class RunOptions
{
    private const int VcpusMax = 256;
    private const int VcpusByDefaultMax = 4;
    private static readonly TimeSpan DurationMin = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan TurnMin = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan DurationMax = TimeSpan.FromHours(1);

    private readonly Option<string> _strategy = Text("--strategy", "strategies, comma-separated; 'all' is every sound one and the bounds", "workqueue");
    private readonly Option<string> _workload = Text("--workload", "workloads, comma-separated, or 'all'", "memslot-churn");
    private readonly Option<string> _mmu = Text("--mmu", "page-table implementation", "radix");
    private readonly Option<string> _vcpus = Text("--vcpus", "vCPU threads, 1 to 256; auto leaves a core to the updater and makes at most 4", "auto");
    private readonly Option<string> _memory = Text("--memory", "guest memory that the vCPUs touch", "256MiB");
    private readonly Option<string> _pages = Text("--pages", "page size of the mappings: 4KiB, 2MiB or 1GiB", "4KiB");
    private readonly Option<string> _duration = Text("--duration", "length of each measured window", "3s");
    private readonly Option<string> _warmup = Text("--warmup", "least warm-up before each window", "500ms");
    private readonly Option<string> _warmupLimit = Text("--warmup-limit", "longest warm-up; what is not warm by then is measured cold, and said so", "30s");
    private readonly Option<string> _steadyLimit = Text("--steady-limit", "how much longer to warm up until the load is steady; what is not by then is measured, and said so; 0 does not ask", "1s");
    private readonly Option<string> _rate = Text("--rate", "updates per second on a fixed schedule; without it a closed loop", "");
    private readonly Option<string> _runs = Text("--runs", "runs of each strategy, interleaved", "3");
    private readonly Option<string> _seed = Text("--seed", "seed of the access patterns", "1");
    private readonly Option<string> _out = Text("--out", "folder for run folders", Path.Combine("results", "runs"));
    private readonly Option<string> _format = Text("--format", "standard output: table, json, csv or markdown", "table");
    private readonly Option<string> _operation = Text("--operation", "update of memslot-churn: delete, move, flags or mix", "delete");
    private readonly Option<string> _refill = Text("--refill", "closed loop: pages the vCPUs fault in again before the next zap: all, none or a number", "all");
    private readonly Option<string> _trace = Text("--trace", "trace of vmm-trace: built-in name or file", "seabios-pc-vga");
    private readonly Option<string> _speed = Text("--speed", "timing of vmm-trace: original or max", "original");
    private readonly Option<string> _yield = Text("--yield", "zaps drop a contended lock: off, contended, or after:N entries of progress", "contended");
    private readonly Option<string> _passes = Text("--zap-passes", "granularity of whole-root zaps: source, root, coarse or fine", "source");
    private readonly Option<string> _workers = Text("--workers", "worker threads of a strategy's queue, 1 to 64", "1");
    private readonly Option<string> _insert = Text("--insert", "where new roots join the list: head (as the kernel) or tail", "head");
    private readonly Option<string> _grace = Text("--grace", "shortest grace period of page tables", "1ms");
    private readonly Option<string> _pin = Text("--pin", "bind actors to cores: auto, on or off", "auto");
    private readonly Option<string> _pause = Text("--pause", "dally at a point: fast-zap=200us, put-edge=…, root-filter=…, detached=…; comma-separated", "");
    private readonly Option<string> _watchdog = Text("--watchdog", "give a run up when an actor stands still for so long", "10s");
    private readonly Option<string> _inject = Text("--inject", "self-test: memslot updates take so many per cent of their own time longer", "0");
    private readonly Option<string> _saveBaseline = Text("--save-baseline", "keep the run under a name that 'lab compare' takes", "");
    private readonly HardwareOptions _hardware = new();
    private readonly LoadOptions _load = new();
    private readonly QuietOptions _quiet = new();
    private readonly Option<bool> _strict = new("--strict") { Description = "exit with 5 if a measurement was contaminated" };
    private readonly Option<string> _figures = Text("--figures", "draw figures and HTML report: on or off", "on");
    private readonly Option<string> _turns = Hidden(Text("--turns", "length of the turns that lab compare hands out", ""));
    private readonly Option<string[]> _plugin = new("--plugin") { Description = "assembly that offers strategies of its own; may be repeated" };

    private IEnumerable<Option> All =>
    [
        _strategy, _workload, _mmu, _vcpus, _memory, _pages, _duration, _warmup, _warmupLimit, _steadyLimit, _rate, _runs, _seed, _out, _format, _operation, _refill, _trace,
        _speed, _yield, _passes, _workers, _insert, _grace, _pin, _pause, _watchdog, _inject, _saveBaseline, _strict, _figures, _turns, _plugin, .. _quiet.All, .. _load.All, .. _hardware.All,
    ];

    /// <summary>Those that shape a measurement: not what is measured, how often, where to, nor how it is told.</summary>
    public IEnumerable<Option> Shaping => All.Except([_strategy, _runs, _seed, _out, _format, _inject, _saveBaseline, _strict, _figures, _turns]);

    public void AddTo(Command command)
    {
        foreach (Option option in All) command.Options.Add(option);
    }

    /// <summary>The request that these arguments of <c>lab run</c> would be.</summary>
    /// <exception cref="UsageException">Something asked for cannot be.</exception>
    public static RunRequest Rehearse(IReadOnlyList<string> arguments)
    {
        RootCommand root = new();
        RunOptions options = new();
        options.AddTo(root);
        ParseResult parsed = root.Parse(arguments);
        if (parsed.Errors.Count > 0) throw new UsageException(parsed.Errors[0].Message);
        return options.Read(parsed, new LabCatalogue());
    }

    /// <exception cref="UsageException">Something asked for cannot be; nothing was started or written.</exception>
    public RunRequest Read(ParseResult parsed, LabCatalogue catalogue)
    {
        string Of(Option<string> option) => parsed.GetValue(option) ?? "";
        foreach (string plugin in parsed.GetValue(_plugin) ?? []) catalogue.AddPlugin(plugin);

        string mmu = Names.Find("MMU", Of(_mmu), catalogue.Mmus, entry => entry.Name).Name;
        IReadOnlyList<Subject> strategies = Strategies(Of(_strategy), mmu, catalogue);
        IReadOnlyList<WorkloadEntry> workloads = Workloads(Of(_workload), catalogue);
        int leafLevel = Names.Choice("--pages", Of(_pages), ("4KiB", 1), ("2MiB", 2), ("1GiB", 3));
        long memory = Memory(Of(_memory), Of(_pages), leafLevel);
        if (mmu != "radix") CheckFits(mmu, memory);
        bool replays = workloads.Any(workload => workload.Name == "vmm-trace");
        (YieldPolicy yield, int entries) = Yield(Of(_yield));
        TimeSpan warmup = Quantities.Duration("--warmup", Of(_warmup), TimeSpan.Zero, DurationMax);
        TimeSpan warmupLimit = Quantities.Duration("--warmup-limit", Of(_warmupLimit), TimeSpan.Zero, DurationMax);

        VmmTrace? trace = replays ? Trace(Of(_trace)) : null;
        VmSettings vm = new()
        {
            Vcpus = Of(_vcpus) == "auto" ? VcpusThatFit() : Quantities.Whole("--vcpus", Of(_vcpus), 1, VcpusMax),
            MemoryBytes = Math.Max(memory, trace is null ? 0 : (long)Math.Min(trace.FramesMax, (ulong)memory >> 12) << 12),
            LeafLevel = leafLevel,
            Yield = yield,
            YieldEntries = entries,
            Passes = Names.Choice("--zap-passes", Of(_passes), ("source", ZapPasses.AsSource), ("root", ZapPasses.Root), ("coarse", ZapPasses.Coarse), ("fine", ZapPasses.Fine)),
            Workers = Quantities.Whole("--workers", Of(_workers), 1, 64),
            InsertAtTail = Names.Choice("--insert", Of(_insert), ("head", false), ("tail", true)),
            GracePeriodMin = Quantities.Duration("--grace", Of(_grace), TimeSpan.Zero, TimeSpan.FromSeconds(10)),
            PauseNanoseconds = Pauses(Of(_pause)),
        };
        return new RunRequest
        {
            Strategies = strategies,
            Workloads = workloads,
            Mmu = mmu,
            Hardware = mmu == "radix" ? null : _hardware.Read(parsed),
            Runs = Quantities.Whole("--runs", Of(_runs), 1, 1000),
            Perf = _quiet.ReadPerf(parsed),
            KernelTrace = _quiet.ReadTrace(parsed),
            Watch = _quiet.ReadWatch(parsed),
            Seed = Quantities.Seed(Of(_seed)),
            Inject = Quantities.Share("--inject", Of(_inject), 1000),
            SaveBaseline = SavedBaseline.Name(Of(_saveBaseline)),
            Strict = parsed.GetValue(_strict),
            DrawFigures = Names.Choice("--figures", Of(_figures), ("on", true), ("off", false)),
            Turn = Of(_turns).Length == 0 ? null : TurnOf(Of(_turns)),
            Plugins = parsed.GetValue(_plugin) ?? [],
            Out = Of(_out) is { Length: > 0 } folder ? folder : throw new UsageException("--out is empty; name a folder for run folders."),
            Format = Names.Choice("--format", Of(_format), ("table", OutputFormat.Table), ("json", OutputFormat.Json), ("csv", OutputFormat.Csv), ("markdown", OutputFormat.Markdown)),
            Vm = vm,
            Window = new WindowSettings
            {
                Duration = Quantities.Duration("--duration", Of(_duration), DurationMin, DurationMax),
                WarmupMinimum = warmup,
                WarmupLimit = warmupLimit < warmup ? warmup : warmupLimit,
                SteadyLimit = Quantities.Duration("--steady-limit", Of(_steadyLimit), TimeSpan.Zero, DurationMax),
                WatchdogTimeout = Quantities.Duration("--watchdog", Of(_watchdog), TimeSpan.FromSeconds(1), DurationMax),
                Pinning = Names.Choice("--pin", Of(_pin), ("auto", Pinning.Auto), ("on", Pinning.On), ("off", Pinning.Off)),
                Quiet = _quiet.Read(parsed),
                LoggedSamples = _quiet.ReadWatch(parsed) ? LoggedSamples(vm.Vcpus) : 0,
            },
            Parameters = _load.Read(parsed, new WorkloadParameters
            {
                MemoryBytes = memory,
                Seed = Quantities.Seed(Of(_seed)),
                RatePerSecond = Of(_rate).Length == 0 ? 0 : Quantities.Rate("--rate", Of(_rate)),
                Operation = Names.Choice("--operation", Of(_operation), ("delete", SlotOperation.Delete), ("move", SlotOperation.Move), ("flags", SlotOperation.Flags), ("mix", SlotOperation.Mix)),
                RefillPages = Of(_refill) switch
                {
                    "all" => -1,
                    "none" => 0,
                    var pages => Quantities.Whole("--refill", pages, 0, int.MaxValue),
                },
                Trace = trace,
                TraceAtFullSpeed = Names.Choice("--speed", Of(_speed), ("original", false), ("max", true)),
            }, strategies),
        };
    }

    /// <exception cref="UsageException">It is no length of a turn.</exception>
    public static TimeSpan TurnOf(string text) => Quantities.Duration("--turns", text, TurnMin, DurationMax);

    private static IReadOnlyList<Subject> Strategies(string text, string mmu, LabCatalogue catalogue)
    {
        List<Subject> chosen = [];
        bool Offered(Subject entry) => !entry.IsBroken && entry.FitsMmu(mmu) && !chosen.Contains(entry);
        foreach (string name in Names.Items("--strategy", text))
        {
            if (name == "all") chosen.AddRange(catalogue.Strategies.Where(Offered));
            else if (catalogue.Named(name, catalogue.Strategies) is { } entry && !chosen.Contains(entry)) chosen.Add(entry);
        }
        if (chosen.FirstOrDefault(entry => !entry.FitsMmu(mmu)) is { } stranger)
        {
            throw new UsageException(stranger.NeedsKernel
                ? $"--strategy {stranger.Name} is what the running kernel does and needs --mmu kvm, not {mmu}."
                : $"--strategy {stranger.Name} takes turns on one thread and needs --mmu radix, not {mmu}.");
        }
        return chosen;
    }

    private static IReadOnlyList<WorkloadEntry> Workloads(string text, LabCatalogue catalogue)
    {
        List<WorkloadEntry> chosen = [];
        foreach (string name in Names.Items("--workload", text))
        {
            if (name == "all") chosen.AddRange(catalogue.Workloads.Where(entry => !chosen.Contains(entry)));
            else if (Names.Find("workload", name, catalogue.Workloads, entry => entry.Name) is { } entry && !chosen.Contains(entry)) chosen.Add(entry);
        }
        return chosen;
    }

    private static long Memory(string text, string pages, int leafLevel)
    {
        long memory = Quantities.Bytes("--memory", text);
        long page = 4096L << (9 * (leafLevel - 1));
        if (memory < Math.Max(page, 1 << 20) || memory % page != 0)
            throw Quantities.Bad("--memory", text, $"at least 1MiB and a multiple of the page size {pages}");
        if (MachineLimits.Read().TotalMemoryBytes is { } machine && memory > machine)
        {
            throw new UsageException(string.Create(CultureInfo.InvariantCulture,
                $"--memory {text} is more than this machine has ({machine / (double)(1L << 30):0.0}GiB); ask for less."));
        }
        return memory;
    }

    /// <summary>Where the processor walks, guest memory is memory: the machine must have it now, and some for the rest.</summary>
    private static void CheckFits(string mmu, long memory)
    {
        const long rest = 256L << 20;
        if (MachineLimits.Read().AvailableMemoryBytes is not { } available || memory + rest <= available) return;
        throw new UsageException(string.Create(CultureInfo.InvariantCulture,
            $"--memory {Quantities.DescribeBytes(memory)} is real memory on {mmu}, and {available / (double)(1L << 30):0.0}GiB are available to this process; ask for less, or use --mmu radix, where guest pages cost nothing."));
    }

    /// <summary>Per metric and actor: half a megabyte for a few of them, and not more than some hundred megabytes for many.</summary>
    private static int LoggedSamples(int vcpus) => Math.Clamp((1 << 18) / vcpus, 1 << 11, 1 << 15);

    /// <summary>So that by default every actor has a core: what waits for one measures the scheduler.</summary>
    private static int VcpusThatFit() => Math.Clamp(MachineLimits.Read().UsableCores - 1, 1, VcpusByDefaultMax);

    private static VmmTrace Trace(string nameOrPath)
    {
        try
        {
            return VmmTrace.Load(nameOrPath);
        }
        catch (VmmTraceException error)
        {
            throw new UsageException($"--trace: {error.Message}");
        }
    }

    private static (YieldPolicy Policy, int Entries) Yield(string text)
    {
        const string after = "after:";
        if (text.StartsWith(after, StringComparison.Ordinal))
            return (YieldPolicy.AfterEntries, Quantities.Whole("--yield after:", text[after.Length..], 1, 1 << 30));
        return (Names.Choice("--yield", text, ("off", YieldPolicy.Off), ("contended", YieldPolicy.Contended), ("after:N", YieldPolicy.AfterEntries)), 1);
    }

    private static Dictionary<PausePoint, long> Pauses(string text)
    {
        Dictionary<PausePoint, long> pauses = [];
        foreach (string item in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = item.Split('=');
            if (parts.Length != 2) throw Quantities.Bad("--pause", item, "a point and a duration such as fast-zap=200us");
            PausePoint point = Names.Find("pause point", parts[0], Enum.GetValues<PausePoint>(), RunRequest.NameOf);
            long nanoseconds = Quantities.Nanoseconds("--pause", parts[1]);
            if (nanoseconds is <= 0 or > 1_000_000_000) throw Quantities.Bad("--pause", item, "a duration from 1ns to 1s");
            pauses[point] = nanoseconds;
        }
        return pauses;
    }

    private static Option<string> Hidden(Option<string> option)
    {
        option.Hidden = true;
        return option;
    }

    public static Option<string> Text(string name, string description, string byDefault) =>
        new(name) { Description = description, DefaultValueFactory = _ => byDefault };
}
