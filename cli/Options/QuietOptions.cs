using System.CommandLine;
using System.Globalization;
using Lab.Application;
using Lab.Application.Catalogue;
using Lab.Application.Settings;
using Lab.Measure;

namespace Lab.Cli.Options;

/// <summary>The options of <c>lab run</c> that ask the machine to be quiet, and to be watched.</summary>
internal sealed class QuietOptions
{
    private readonly Option<string> _quiet = RunOptions.Text("--quiet", "what the machine is asked for: pin, idle, fifo (comma-separated), all or none", "none");
    private readonly Option<string> _priority = RunOptions.Text(
        "--fifo-priority", "SCHED_FIFO priority of --quiet fifo, 1 to 99", QuietSettings.FifoPriorityDefault.ToString(CultureInfo.InvariantCulture));
    private readonly Option<string> _perf = RunOptions.Text("--perf", "count faults, switches and the like per actor: auto (kvm, host), on or off", "auto");

    private readonly Option<string> _trace = RunOptions.Text("--kernel-trace", "trace KVM's tracepoints in the window: auto (on kvm, the rare ones), on (all) or off", "auto");

    private readonly Option<string> _watch = RunOptions.Text("--watch", "have a second process look for what disturbs the run: on or off", "on");

    public IEnumerable<Option> All => [_quiet, _priority, _perf, _trace, _watch];

    /// <exception cref="UsageException">A value cannot be.</exception>
    public bool ReadWatch(ParseResult parsed) => Names.Choice("--watch", parsed.GetValue(_watch) ?? "", ("on", true), ("off", false));

    /// <exception cref="UsageException">A value cannot be.</exception>
    public QuietSettings Read(ParseResult parsed)
    {
        QuietSettings quiet = new()
        {
            FifoPriority = Quantities.Whole("--fifo-priority", parsed.GetValue(_priority) ?? "", 1, 99),
        };
        foreach (string item in Names.Items("--quiet", parsed.GetValue(_quiet) ?? ""))
        {
            quiet = Names.Choice<Func<QuietSettings, QuietSettings>>(
                "--quiet",
                item,
                ("pin", one => one with { Pin = true }),
                ("idle", one => one with { HoldOffIdleStates = true }),
                ("fifo", one => one with { Fifo = true }),
                ("all", one => one with { Pin = true, HoldOffIdleStates = true, Fifo = true }),
                ("none", one => one))(quiet);
        }
        return quiet;
    }

    /// <exception cref="UsageException">A value cannot be.</exception>
    public PerfChoice ReadPerf(ParseResult parsed) =>
        Names.Choice("--perf", parsed.GetValue(_perf) ?? "", ("auto", PerfChoice.Auto), ("on", PerfChoice.On), ("off", PerfChoice.Off));

    /// <exception cref="UsageException">A value cannot be.</exception>
    public TraceChoice ReadTrace(ParseResult parsed) =>
        Names.Choice("--kernel-trace", parsed.GetValue(_trace) ?? "", ("auto", TraceChoice.Auto), ("on", TraceChoice.On), ("off", TraceChoice.Off));
}
