using System.CommandLine;
using System.Globalization;
using Lab.Application;
using Lab.Application.Catalogue;
using Lab.Application.Settings;
using Lab.Strategies;
using Lab.Workloads;

namespace Lab.Cli.Options;

/// <summary>The options of <c>lab run</c> that shape single workloads.</summary>
internal sealed class LoadOptions
{
    /// <summary>KVM has 32,764 slots; the guest's image, its request words, its memory and the slot under test are four of them.</summary>
    private const int BystandersMax = 32_760;

    /// <summary>Where the lab keeps the slots itself it scans and copies them.</summary>
    private const int BystandersInLabMax = 1024;

    private const int StormFramesMax = 1 << 20;

    private readonly Option<string> _slots = RunOptions.Text("--slots", "one-page slots that nobody touches, besides those under test", "0");
    private readonly Option<string> _updates = RunOptions.Text("--updates", "fault-storm: memslot updates per second beside the unmaps: none, max or a number", "20");
    private readonly Option<string> _where = RunOptions.Text("--storm-where", "fault-storm: what is unmapped: the guest's memory (slot), or memory in no slot (outside)", "slot");
    private readonly Option<string> _pages = RunOptions.Text("--storm-pages", "fault-storm: 4 KiB pages unmapped at once", "512");

    public IEnumerable<Option> All => [_slots, _updates, _where, _pages];

    /// <summary>The parameters with what was asked for here.</summary>
    /// <exception cref="UsageException">A value cannot be.</exception>
    public WorkloadParameters Read(ParseResult parsed, WorkloadParameters parameters, IReadOnlyList<Subject> strategies)
    {
        string Of(Option<string> option) => parsed.GetValue(option) ?? "";
        int slots = Quantities.Whole("--slots", Of(_slots), 0, BystandersMax);
        if (slots > BystandersInLabMax && strategies.FirstOrDefault(strategy => !strategy.NeedsKernel) is { } inLab)
        {
            throw new UsageException(string.Create(CultureInfo.InvariantCulture,
                $"--slots {slots} are too many for {inLab.Name}, for which the lab keeps the slots itself: at most {BystandersInLabMax}, or --strategy kernel alone."));
        }
        return parameters with
        {
            Bystanders = slots,
            UpdatesPerSecond = Of(_updates) switch
            {
                "none" => null,
                "max" => 0,
                var rate => Quantities.Rate("--updates", rate),
            },
            StormOutside = Names.Choice("--storm-where", Of(_where), ("slot", false), ("outside", true)),
            StormFrames = (ulong)Quantities.Whole("--storm-pages", Of(_pages), 1, StormFramesMax),
        };
    }
}
