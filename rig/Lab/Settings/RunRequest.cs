using System.Globalization;
using Lab.Application.Catalogue;
using Lab.Hardware;
using Lab.Measure;
using Lab.Mmu;
using Lab.Settings;
using Lab.Strategies;
using Lab.Workloads;

namespace Lab.Application.Settings;

/// <summary>One invocation of <c>lab run</c>, checked: everything in it can be done on this machine.</summary>
public sealed record RunRequest
{
    private const int VcpusByDefaultMax = 4;

    /// <summary>What was set. What was left to the lab, such as how many vCPUs, has been decided.</summary>
    public required SettingValues Values { get; init; }

    public required IReadOnlyList<Subject> Strategies { get; init; }

    public required IReadOnlyList<WorkloadEntry> Workloads { get; init; }

    /// <summary>Null on <c>radix</c>.</summary>
    public HardwareSettings? Hardware { get; init; }

    public required VmSettings Vm { get; init; }

    public required WindowSettings Window { get; init; }

    public required WorkloadParameters Parameters { get; init; }

    public string Mmu => Values.Of(RunSettings.Mmu);

    public int Runs => Values.Of(RunSettings.Runs);

    public ulong Seed => Values.Of(RunSettings.Seed);

    public string Out => Values.Of(RunSettings.Out);

    /// <summary>Name under which the finished run is kept; null for none.</summary>
    public string? SaveBaseline => Values.Of(RunSettings.SaveBaseline) is { Length: > 0 } name ? name : null;

    /// <summary>Length of the turns in which <c>lab compare</c> lets its arms measure; null for windows in one piece.</summary>
    public TimeSpan? Turn => Values.Of(RunSettings.Turns);

    /// <summary>Whether perf events are opened for the actors.</summary>
    public bool CountsThreads => Values.Of(RunSettings.Perf) switch
    {
        PerfChoice.On => true,
        PerfChoice.Auto => Hardware is not null,
        _ => false,
    };

    /// <summary>Which tracepoints are asked for; null for none.</summary>
    public KernelTraceScope? TraceScope => Values.Of(RunSettings.KernelTrace) switch
    {
        TraceChoice.On => KernelTraceScope.Full,
        TraceChoice.Auto when Mmu == "kvm" => KernelTraceScope.Rare,
        _ => null,
    };

    /// <summary>A run with these options, each followed by its value.</summary>
    /// <exception cref="UsageException">Something asked for cannot be; nothing was started or written.</exception>
    public static RunRequest Read(IReadOnlyList<string> arguments) =>
        Of(SettingValues.Read(RunSettings.All, arguments), new LabCatalogue());

    /// <exception cref="UsageException">Something asked for cannot be; nothing was started or written.</exception>
    public static RunRequest Of(SettingValues values, LabCatalogue catalogue)
    {
        foreach (string plugin in values.Of(RunSettings.Plugins)) catalogue.AddPlugin(plugin);
        if (values.Of(RunSettings.Out).Length == 0) throw new UsageException("--out is empty; name a folder for run folders.");
        string mmu = Names.Find("MMU", values.Of(RunSettings.Mmu), catalogue.Mmus, entry => entry.Name).Name;
        IReadOnlyList<Subject> strategies = catalogue.SubjectsFor(
            mmu, values.Of(RunSettings.Strategy), values.Of(RunSettings.Notifier), values.Of(RunSettings.Ageing));
        IReadOnlyList<WorkloadEntry> workloads = catalogue.WorkloadsFor(mmu, values.Of(RunSettings.Workload));
        catalogue.RefuseIfNothingFits(mmu, strategies, workloads);
        RefusePriority(values.Of(VmSettings.Declared.WorkerNice));
        RefuseSharedLoads(values.Of(VmSettings.Declared.RootLoad), strategies, catalogue);
        HardwareSettings? hardware = mmu == "radix" ? null : HardwareSettings.Of(values);
        VmmTrace? trace =
            workloads.Any(workload => workload.Needs(WorkloadNeeds.Trace)) ? Trace(values.Of(VmmTraceReplay.Trace)) : null;
        values = values
            .With(RunSettings.Strategy, string.Join(',', strategies.Select(strategy => strategy.Name)))
            .With(RunSettings.Workload, string.Join(',', workloads.Select(workload => workload.Name)))
            .With(RunSettings.Vcpus, values.Of(RunSettings.Vcpus) is > 0 and int asked ? asked : VcpusThatFit())
            .With(WindowSettings.Declared.WarmupLimit,
                Longer(values.Of(WindowSettings.Declared.WarmupLimit), values.Of(WindowSettings.Declared.Warmup)))
            .With(VmmTraceReplay.Trace, trace?.Name ?? VmmTraceReplay.Trace.Unset!);
        long memory = Memory(values, mmu);
        if (mmu != "radix") trace = trace?.WithSlotsUpTo((ulong)memory >> 12);
        RefuseTooManySlots(values.Of(WorkloadParameters.Bystanders), strategies, catalogue);
        int vcpus = values.Of(RunSettings.Vcpus);
        return new RunRequest
        {
            Values = values,
            Strategies = strategies,
            Workloads = workloads,
            Hardware = hardware,
            Vm = VmSettings.Of(values) with
            {
                Vcpus = vcpus,
                MemoryBytes = Math.Max(memory, trace is null ? 0 : (long)Math.Min(trace.FramesMax, (ulong)memory >> 12) << 12),
                LeafLevel = (PageLevel)values.Of(RunSettings.Pages),
            },
            Window = WindowSettings.Of(values) with { LoggedSamples = values.Of(RunSettings.Watch) ? LoggedSamples(vcpus) : 0 },
            Parameters = new WorkloadParameters
                { MemoryBytes = memory, Seed = values.Of(RunSettings.Seed), Trace = trace, Values = values },
        };
    }

    /// <summary>Every setting by name, for the manifest; those of the MMUs that the processor walks only where it does.</summary>
    public IReadOnlyDictionary<string, string> Describe() =>
        Values.Describe(RunSettings.Groups.Where(group => Hardware is not null || group != HardwareSettings.Declared.Group)
            .SelectMany(group => group.Settings));

    /// <summary>Settings that were given and mean nothing to this run.</summary>
    public IEnumerable<Setting> Idle() =>
        RunSettings.All.Where(setting => Values.IsGiven(setting) && setting.Only.Count > 0 && !setting.Only.Contains(Mmu)
            && !Workloads.Any(workload => setting.Only.Contains(workload.Name)));

    /// <summary>Somebody who types such a setting means a load that is not measured.</summary>
    /// <exception cref="UsageException">There is one; the message says what reads it.</exception>
    public void RefuseIdle()
    {
        if (Idle().FirstOrDefault() is { } idle) throw NotRead(idle,
            HardwareSettings.Declared.Group.Settings.Contains(idle) ? $"this runs on {Mmu}"
                : $"this measures {string.Join(", ", Workloads.Select(workload => workload.Name))}");
    }

    /// <param name="setting">That was given.</param>
    /// <param name="instead">What is measured, in words.</param>
    public static UsageException NotRead(Setting setting, string instead)
    {
        Setting where = HardwareSettings.Declared.Group.Settings.Contains(setting) ? RunSettings.Mmu : RunSettings.Workload;
        return new UsageException($"{setting.Option} is read by {string.Join(" and ", setting.Only)} only, and {instead}; "
            + $"leave it out, or use {where} {setting.Only[0]}.");
    }

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private static long Memory(SettingValues values, string mmu)
    {
        string text = values.Typed(RunSettings.Memory);
        long memory = values.Of(RunSettings.Memory), page = 4096L << (9 * (values.Of(RunSettings.Pages) - 1));
        if (memory < Math.Max(page, 1 << 20) || memory % page != 0) throw Quantities.Bad("--memory", text,
            $"at least 1MiB and a multiple of the page size {RunSettings.Pages.Print(values.Of(RunSettings.Pages))}"
                + (text.All(char.IsAsciiDigit) ? $"; {text} what? {text}MiB is a size, without a unit it is bytes" : ""));
        MachineLimits limits = MachineLimits.Read();
        if (limits.TotalMemoryBytes is { } machine && memory > machine)
        {
            throw new UsageException(string.Create(CultureInfo.InvariantCulture,
                $"--memory {text} is more than this machine has ({machine / (double)(1L << 30):0.0}GiB); ask for less."));
        }
        // Where the processor walks, guest memory is memory: the machine must have it now, and some for the rest.
        const long rest = 256L << 20;
        if (mmu == "radix" || limits.AvailableMemoryBytes is not { } available || memory + rest <= available) return memory;
        throw new UsageException(string.Create(CultureInfo.InvariantCulture,
            $"--memory {text} is real memory on {mmu}, and {available / (double)(1L << 30):0.0}GiB are available to this "
                + $"process; ask for less, or use --mmu radix, where guest pages cost nothing."));
    }

    private static void RefusePriority(int workerNice)
    {
        if (workerNice == 0 || WorkQueue.MayBeNice(workerNice)) return;
        throw new UsageException(string.Create(CultureInfo.InvariantCulture,
            $"--worker-nice {workerNice} was refused by the kernel: give CAP_SYS_NICE, raise RLIMIT_NICE, or ask for up to 19."));
    }

    private static void RefuseSharedLoads(RootLoad asked, IReadOnlyList<Subject> strategies, LabCatalogue catalogue)
    {
        if (asked != RootLoad.Shared) return;
        string[] unsafeOnes = [.. strategies.Where(strategy => !strategy.LoadsRootsShared).Select(strategy => strategy.Name)];
        if (unsafeOnes.Length == 0) return;
        string safe = string.Join(",",
            catalogue.Strategies.Where(one => !one.IsBroken && !one.IsBound && one.LoadsRootsShared).Select(one => one.Name));
        throw new UsageException(
            $"--root-load shared is not safe with {string.Join(", ", unsafeOnes)}, which loads roots under the exclusive hold; "
                + $"use source or exclusive, or --strategy {safe}.");
    }

    private static void RefuseTooManySlots(int slots, IReadOnlyList<Subject> strategies, LabCatalogue catalogue)
    {
        if (slots <= WorkloadParameters.BystandersInLabMax
            || strategies.FirstOrDefault(strategy => !strategy.NeedsKernel) is not { } inLab)
        {
            return;
        }
        throw new UsageException(string.Create(CultureInfo.InvariantCulture,
            $"--slots {slots} is too many for {inLab.Name}, for which the lab keeps the slots itself: at most "
                + $"{WorkloadParameters.BystandersInLabMax}, or --strategy {catalogue.Kernels} alone."));
    }

    /// <summary>Per metric and actor: half a megabyte for a few of them, and not more than some hundred megabytes for
    /// many.</summary>
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
}
