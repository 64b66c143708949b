using System.CommandLine;
using Lab.Application;
using Lab.Application.Catalogue;
using Lab.Application.Settings;
using Lab.Cli.Options;
using Lab.Cli.Run;
using Lab.Results.Comparisons;

namespace Lab.Cli.Compare;

/// <summary>Arms and options of <c>lab compare</c>, and how they become a <see cref="CompareRequest"/>.</summary>
internal sealed class CompareOptions
{
    private const int BlocksMax = 1000;

    /// <summary>What a measured arm is given unless told otherwise: so short that 2 arms × 10 blocks take less than 3 minutes.</summary>
    private static readonly (string Option, string Value)[] Brief = [("--duration", "3s"), ("--warmup", "250ms"), ("--memory", "8MiB")];

    private readonly Argument<string[]> _arms = new("arms") { Description = "strategies (\"mainline --yield off\" with settings of its own), run folders, folders of them, baselines; FOLDER@STRATEGY picks one", Arity = ArgumentArity.ZeroOrMore };
    private readonly Option<string> _blocks = RunOptions.Text("--blocks", "runs of each measured arm; each block runs every arm once", "10");
    private readonly Option<string> _turns = RunOptions.Text("--turns", "length of the turns in which the arms of a block measure; off: one arm after another", "50ms");
    private readonly Option<string> _threshold = RunOptions.Text("--threshold", "smallest difference that matters", "2%");
    private readonly Option<string> _metric = RunOptions.Text("--metric", "metrics that decide, comma-separated; by default what the updater waits for", "");
    private readonly Option<bool> _gate = new("--gate") { Description = "exit with 6 if a metric that decides stays open" };
    private readonly Option<bool> _strict = new("--strict") { Description = "exit with 5 if a run was contaminated" };
    private readonly Option<string> _baseline = RunOptions.Text("--baseline", "first arm: runs kept by --save-baseline", "");
    private readonly Option<string> _saveBaseline = RunOptions.Text("--save-baseline", "keep the measured runs under a name", "");
    private readonly Option<bool> _anyway = new("--anyway") { Description = "take a baseline of another machine" };
    private readonly Option<string> _resume = RunOptions.Text("--resume", "comparison folder to go on with; with --blocks, to add to", "");
    private readonly Option<string> _inject = RunOptions.Text("--inject", "self-test: memslot updates of the last arm take so many per cent longer", "0");
    private readonly Option<string> _seed = RunOptions.Text("--seed", "seed of the order inside blocks and of the access patterns", "1");
    private readonly Option<string> _out = RunOptions.Text("--out", "folder for comparison folders", Path.Combine("results", "comparisons"));
    private readonly Option<string> _format = RunOptions.Text("--format", "standard output: table, mmtests, markdown, json or csv", "table");
    private readonly Option[] _shaping = [.. new RunOptions().Shaping];

    public void AddTo(Command command)
    {
        command.Arguments.Add(_arms);
        foreach (Option option in (Option[])[_blocks, _turns, _threshold, _metric, _gate, _strict, _baseline, _saveBaseline, _anyway, _resume, _inject, _seed, _out, _format, .. _shaping])
            command.Options.Add(option);
    }

    /// <exception cref="UsageException">Something asked for cannot be; nothing was started or written.</exception>
    /// <exception cref="NotComparableException">There is no such baseline.</exception>
    public CompareRequest Read(ParseResult parsed)
    {
        string Of(Option<string> option) => parsed.GetValue(option) ?? "";
        CompareRequest request = new()
        {
            Resume = Of(_resume) is { Length: > 0 } folder ? folder : null,
            Blocks = IsGiven(parsed, _blocks) || Of(_resume).Length == 0 ? Quantities.Whole("--blocks", Of(_blocks), 1, BlocksMax) : null,
            Threshold = IsGiven(parsed, _threshold) || Of(_resume).Length == 0 ? Quantities.Share("--threshold", Of(_threshold), 100) : null,
            Gated = Of(_metric).Length == 0 ? [] : Names.Items("--metric", Of(_metric)),
            Turns = Of(_turns) == "off" ? null : Quantities.Describe(RunOptions.TurnOf(Of(_turns))),
            MustDecide = parsed.GetValue(_gate),
            IsStrict = parsed.GetValue(_strict),
            Anyway = parsed.GetValue(_anyway),
            SaveBaseline = SavedBaseline.Name(Of(_saveBaseline)),
            Seed = Quantities.Seed(Of(_seed)),
            Out = Of(_out) is { Length: > 0 } to ? to : throw new UsageException("--out is empty; name a folder for comparison folders."),
            Format = Names.Find("--format value", Of(_format), Enum.GetValues<CompareFormat>(), value => value.ToString().ToLowerInvariant()),
        };
        string[] arms = parsed.GetValue(_arms) ?? [];
        if (request.Resume is not null)
        {
            if (arms.Length > 0 || Of(_baseline).Length > 0 || _shaping.Append(_inject).Append(_seed).Append(_turns).Any(option => IsGiven(parsed, option)))
                throw new UsageException("--resume goes on with the arms and settings of its comparison; leave out arms and settings.");
            return request;
        }

        LabCatalogue catalogue = new();
        foreach (string plugin in parsed.GetValue(_shaping.OfType<Option<string[]>>().Single()) ?? []) catalogue.AddPlugin(plugin);
        List<ComparisonArm> read = Of(_baseline).Length == 0 ? [] : [ArmNames.Baseline(Of(_baseline), SavedBaseline.Beside(request.Out))];
        read.AddRange(arms.Select(arm => ArmNames.Read(arm, catalogue, request.Out)));
        InheritedSettings? inherited = InheritedSettings.Of(read);
        (string[] arguments, IReadOnlyList<(string, string)> taken) = Forwarded(parsed, inherited);
        string[] shaping = [.. _shaping.Select(option => option.Name)];
        read = [.. read.Select(arm => arm.Source == ArmSource.Strategy ? arm with { Arguments = ArmNames.Arguments(arguments, arm, shaping) } : arm)];
        double inject = Quantities.Share("--inject", Of(_inject), 1000);
        if (inject > 0)
        {
            if (read.Count == 0 || read[^1].Source != ArmSource.Strategy) throw new UsageException("--inject slows the last arm down while it is measured; name a strategy last.");
            read[^1] = read[^1] with { Arguments = [.. read[^1].Arguments, "--inject", Of(_inject)] };
        }
        bool onlySaves = request.SaveBaseline is not null && read is [{ Source: ArmSource.Strategy }];
        if (read.Count < 2 && !onlySaves)
            throw new UsageException("lab compare needs two arms or more: strategies, run folders, or baselines (--baseline NAME).");
        if (request.SaveBaseline is not null && read.All(arm => arm.Source != ArmSource.Strategy))
            throw new UsageException("--save-baseline keeps what is measured; name a strategy among the arms.");
        return request with { Arms = ArmNames.Distinct(read), Notes = inherited is null ? [] : [inherited.Describe(taken, _shaping)] };
    }

    /// <summary>
    /// What <c>lab run</c> gets: what was typed, else what the arm measured before has, else the brief defaults. Second: what was taken from there that would
    /// be something else otherwise.
    /// </summary>
    private (string[] Arguments, IReadOnlyList<(string Option, string Value)> Taken) Forwarded(ParseResult parsed, InheritedSettings? inherited)
    {
        List<string> arguments = [];
        List<(string, string)> taken = [];
        foreach (Option option in _shaping)
        {
            string? brief = Brief.FirstOrDefault(one => one.Option == option.Name).Value;
            if (parsed.GetResult(option) is { Implicit: false } given)
                foreach (string value in given.Tokens.Select(token => token.Value)) arguments.AddRange([option.Name, value]);
            else if (inherited?.ValueOf(option) is { } before)
            {
                arguments.AddRange([option.Name, before]);
                string? otherwise = brief ?? (option is Option<string> text ? parsed.GetValue(text) : null);
                if (before != otherwise && before != $"{otherwise}/s") taken.Add((option.Name, before));
            }
            else if (brief is not null)
                arguments.AddRange([option.Name, brief]);
        }
        return ([.. arguments], taken);
    }

    private static bool IsGiven(ParseResult parsed, Option option) => parsed.GetResult(option) is { Implicit: false };
}
