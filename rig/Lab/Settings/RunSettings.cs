using Lab.Application.Catalogue;
using Lab.Hardware;
using Lab.Measure;
using Lab.Mmu;
using Lab.Results.Comparisons;
using Lab.Settings;
using Lab.Strategies;

namespace Lab.Application.Settings;

/// <summary>All that a run can be told: what is declared here, and beside window, workloads, VM and hardware.</summary>
public static class RunSettings
{
    private const int VcpusMax = 256;
    private const int RunsMax = 1000;
    public static SettingGroup Subject { get; } = new("What is measured");
    public static Setting<string> Strategy { get; } = Subject.Add(
        "strategy", NamesOf(Family.Roots), Lab.Strategies.Catalogue.MeasuredByDefault,
        "strategies, comma-separated; 'all' is every sound one and the bounds",
        shapes: false, matters: false);

    /// <summary>Part of what is measured, and of its name: in the manifest the setting strategy says it, and an arm of a
    /// comparison has its own.</summary>
    public static Setting<string> Notifier { get; } = Subject.Add(
        "notifier", NamesOf(Family.Notifier), "",
        "notifiers, comma-separated, or 'all'; default: the first of 'lab list notifiers'",
        Recorded.Never, shapes: false);
    public static Setting<string> Ageing { get; } = Subject.Add(
        "ageing", NamesOf(Family.Ageing), "",
        "ageing schemes, comma-separated, or 'all'; default: the first of 'lab list ageing'",
        Recorded.Never, shapes: false);
    public static Setting<string> Workload { get; } = Subject.Add(
        "workload", Form.NamesOf(() => new LabCatalogue().Workloads.Select(one => one.Name), "all"),
        Lab.Workloads.Catalogue.ByDefault, "workloads, comma-separated, or 'all'", matters: false);
    public static Setting<string> Mmu { get; } =
        Subject.Add("mmu", Form.NameOf(() => new LabCatalogue().Mmus.Select(one => one.Name)), "radix",
            "page-table implementation: radix, kvm or host");

    /// <summary>Zero for as many as leave a core to the updater.</summary>
    public static Setting<int> Vcpus { get; } = Subject.Add(
        "vcpus", Form.Whole(1, VcpusMax).Or("auto", 0) with
            { Takes = "1 to 256; auto leaves a core to the updater and makes at most 4" }, "auto", "vCPU threads");
    public static Setting<long> Memory { get; } =
        Subject.Add("memory", Form.Bytes(), "256MiB", "guest memory the vCPUs touch");

    /// <summary>Level of the leafs.</summary>
    public static Setting<int> Pages { get; } = Subject.Add(
        "pages", Form.Words(("4KiB", 1), ("2MiB", 2), ("1GiB", 3)), "4KiB", "page size of the mappings");

    public static SettingGroup Instruments { get; } = new("Instruments");
    public static Setting<PerfChoice> Perf { get; } = Instruments.Add(
        "perf", Form.Words(("auto (kvm, host)", PerfChoice.Auto), ("on", PerfChoice.On), ("off", PerfChoice.Off)), "auto",
        "count faults, switches … per actor");
    public static Setting<TraceChoice> KernelTrace { get; } = Instruments.Add(
        "kernel-trace", Form.Words(("auto (on kvm, the rare ones)", TraceChoice.Auto), ("on (all)", TraceChoice.On),
            ("off", TraceChoice.Off)), "auto",
        "trace KVM's tracepoints in the window");
    public static Setting<bool> Watch { get; } =
        Instruments.Add("watch", Form.OnOff, "on", "a second process looks for what disturbs the run");

    public static SettingGroup Output { get; } = new("Runs and results");
    public static Setting<int> Runs { get; } = Output.Add(
        "runs", Form.Whole(1, RunsMax), "3", "runs of each strategy, interleaved", shapes: false, matters: false);
    public static Setting<ulong> Seed { get; } =
        Output.Add("seed", Form.Seed, "1", "seed of the access patterns", shapes: false, matters: false);
    public static Setting<string> Out { get; } = Output.Add(
        "out", Form.Text, Path.Combine("results", "runs"), "folder for run folders", shapes: false, matters: false);
    public static Setting<OutputFormat> Format { get; } = Output.Add(
        "format", Form.Words<OutputFormat>(), "table", "standard output", shapes: false, matters: false);
    public static Setting<bool> Figures { get; } = Output.Add(
        "figures", Form.OnOff, "on", "draw figures and HTML report", Recorded.Never, shapes: false);
    public static Setting<string> SaveBaseline { get; } = Output.Add(
        "save-baseline", BaselineName, "", "name to keep the run under, for 'lab compare'", Recorded.Never, shapes: false);
    public static Setting<bool> Strict { get; } = Output.Add(
        "strict", Form.Flag, "off", "exit 5 if a measurement was contaminated", Recorded.Never, shapes: false);

    /// <summary>Share of its own time by which each memslot update is made longer.</summary>
    public static Setting<double> Inject { get; } = Output.Add(
        "inject", Form.Share(1000), "0", "self-test: memslot updates take so many per cent longer",
        Recorded.WhenSet, shapes: false);
    public static Setting<TimeSpan?> Turns { get; } = Output.Add(
        "turns", TurnLength.OrNone(""), "", "length of the turns that lab compare hands out", Recorded.WhenSet, shapes: false,
        hidden: true);
    public static Setting<IReadOnlyList<string>> Plugins { get; } = Output.Add(
        "plugin", Form.Texts, "none", "assembly with strategies of your own; repeatable", matters: false);

    public static IReadOnlyList<SettingGroup> Groups { get; } =
    [
        Subject, WindowSettings.Declared.Group, QuietSettings.Declared.Group, .. Lab.Workloads.Catalogue.Settings,
        VmSettings.Declared.Group,
        HardwareSettings.Declared.Group, Instruments, Output,
    ];

    public static IReadOnlyList<Setting> All { get; } = [.. Groups.SelectMany(group => group.Settings)];

    public static Form<TimeSpan> TurnLength => Form.Duration(TimeSpan.FromMilliseconds(10), TimeSpan.FromHours(1));

    /// <summary>Names of a family's members.</summary>
    public static Form<string> NamesOf(Family family, params string[] words) =>
        Form.NamesOf(() => new LabCatalogue().MembersOf(family).Select(one => one.Name), ["all", .. words]);

    /// <summary>Empty for none.</summary>
    public static Form<string> BaselineName => new(
        (option, text) => text.Length == 0 || BaselineStore.IsName(text)
            ? text
            : throw Quantities.Bad(option, text, "a name of letters, digits, dots, dashes and underscores"),
        name => name) { Corners = ["", "before-6.16"] };
}
