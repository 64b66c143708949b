using System.CommandLine;
using Lab.Application.Catalogue;
using Lab.Application.Comparing;
using Lab.Application.Exploring;
using Lab.Application.Fleet;
using Lab.Application.Settings;
using Lab.Cli.Compare;
using Lab.Cli.Explore;
using Lab.Cli.Options;
using Lab.Explorer;
using Lab.Explorer.Strategies;
using Lab.Results;
using Lab.Results.Comparisons;
using Lab.Results.Fleet;
using Lab.Settings;
using Lab.Application;

namespace Lab.Cli.Fleet;

/// <summary><c>lab fleet plan compare|run|explore</c>: cuts what the verb would do into units, and writes them down. Measures
/// nothing, but for <c>--tail</c>.</summary>
internal sealed class FleetPlanning
{
    /// <summary>Apart as the seeds of workers are, see <see cref="StrategyExplorer"/>.</summary>
    private const ulong SeedStep = 7919;

    /// <summary>What the verbs take and a plan has no use for.</summary>
    private static readonly Setting[] Unused =
    [
        CompareSettings.Kernels, CompareSettings.Processor, CompareSettings.Format, CompareSettings.Resume,
        CompareSettings.SaveBaseline, RunSettings.Out, RunSettings.Format, RunSettings.Figures, RunSettings.SaveBaseline,
        ExplorationSettings.Format, ExplorationSettings.Replay,
    ];

    private readonly LabConsole _console;
    private readonly string[] _commandLine;
    private readonly Option<string> _plan = new("--plan", "-o") { Description = "folder for the plan, new or empty" };

    private readonly Option<string> _timeout = SettingOptions.Text("--timeout", "longest time for a unit", "1h");

    private readonly Option<bool> _unfit = new("--unfit") { Description = "measure where the doctor finds something bad, too" };

    private readonly Option<string> _classes = SettingOptions.Text("--class",
        "classes of machines, as the scheduler calls them, comma-separated: each measures everything", "");

    private FleetPlanning(string[] args, LabConsole console) => (_commandLine, _console) = (["lab", .. args], console);

    public static Command Build(string[] args, LabConsole console)
    {
        FleetPlanning planning = new(args, console);
        Command command = new("plan", "cut a comparison, a run or an exploration into units");
        command.Subcommands.Add(planning.Compare());
        command.Subcommands.Add(planning.Run());
        command.Subcommands.Add(planning.Explore());
        command.SetAction(_ => Verb.Guarded(console,
            () => throw new UsageException("lab fleet plan needs to know of what: compare, run, explore.")));
        return command;
    }

    private Command Compare()
    {
        CompareOptions options = new();
        Command command = new("compare", "a block per unit: every arm once, on one machine");
        options.AddTo(command);
        foreach (Option option in (Option[])[_plan, _timeout, _unfit, _classes]) command.Options.Add(option);
        Hide(command);
        command.SetAction(parsed => Verb.Guarded(_console, () =>
        {
            RefuseUnused(parsed, CompareSettings.Kernels, CompareSettings.Processor, CompareSettings.Format);
            CompareRequest request = options.Read(parsed);
            if (request.Resume is not null || request.SaveBaseline is not null) throw new UsageException(
                "--resume and --save-baseline are of a comparison on one machine; leave them out.");
            if (request.Arms.All(arm => arm.Source != ArmSource.Strategy)) throw new UsageException(
                "Every arm has been measured already; 'lab compare' compares them, without a plan.");
            IReadOnlyList<ComparisonArm> arms = [.. request.Arms.Select(
                arm => arm.From is { } from ? arm with { From = Path.GetFullPath(from) } : arm)];
            FixedArms given = new(arms, _console.Error);
            given.RefuseTheSame();
            foreach (string note in request.Notes.Concat(given.Taken)) _console.Error.WriteLine($"note: {note}");
            if (request.Tail is { } tail)
            {
                // How long runs have to be is one answer for all units: blocks of one class are compared with each other.
                _console.Signals.Saves("the first block, which does not count, is being given up");
                TailPilot pilot = new(request, at => new LocalProcess(at), _console.Error);
                if (pilot.Lengthen(arms, tail, _console.Signals.Token) is not { } longer)
                {
                    _console.Error.WriteLine("lab: interrupted: no plan was made.");
                    return ExitCode.Interrupted;
                }
                arms = longer;
            }
            List<RunRequest> runs = [];
            foreach (ComparisonArm arm in arms.Where(arm => arm.Source == ArmSource.Strategy))
            {
                using ChildRun child = new(arm, request.Seed);
                runs.Add(child.Rehearse());
            }
            InputFiles inputs = new();
            ComparisonManifest comparison = new()
            {
                Id = "planned", StartedUtc = DateTimeOffset.UtcNow, CommandLine = OfVerb(parsed), Seed = request.Seed,
                BlocksAsked = request.Blocks!.Value, Threshold = request.Threshold!.Value, Gated = request.Gated,
                Turns = request.Turns, Subject = request.Subject,
                Arms = [.. arms.Select(arm => arm with { Arguments = inputs.Found(arm.Arguments) })],
            };
            string[] needs = [.. runs.Where(run => run.Mmu == "kvm").Select(run => run.Mmu).Distinct()];
            return Write(parsed, new FleetPlan
            {
                Kind = UnitKind.Block, Comparison = comparison, Gate = request.Values.Of(CompareSettings.Gate),
                Strict = request.Values.Of(CompareSettings.Strict), Anyway = request.Values.Of(CompareSettings.Anyway),
            }, [.. Classes(parsed).SelectMany(one => Enumerable.Range(1, comparison.BlocksAsked).Select(block => new FleetUnit
            {
                Kind = UnitKind.Block, Block = block, Seed = comparison.Seed + (ulong)(block - 1), Inputs = inputs.Hashes,
                Needs = needs, Constraint = one,
            }))]);
        }));
        return command;
    }

    private Command Run()
    {
        SettingOptions options = new(RunSettings.All);
        Command command = new("run", "a repetition per unit");
        options.AddTo(command);
        foreach (Option option in (Option[])[_plan, _timeout, _unfit, _classes]) command.Options.Add(option);
        Hide(command);
        command.SetAction(parsed => Verb.Guarded(_console, () =>
        {
            RefuseUnused(parsed, RunSettings.Out, RunSettings.Format, RunSettings.Figures);
            RunRequest request = RunRequest.Of(options.Read(parsed), new LabCatalogue());
            request.RefuseIdle();
            if (request.SaveBaseline is not null || request.Turn is not null) throw new UsageException(
                "--save-baseline is of a run on one machine; leave it out.");
            Setting[] own = [RunSettings.Runs, RunSettings.Seed, RunSettings.Out, RunSettings.Format, RunSettings.Figures];
            InputFiles inputs = new();
            string[] arguments = [.. inputs.Found(Pairs(parsed, options, RunSettings.All.Except(own)))];
            string[] needs = request.Mmu == "kvm" ? [request.Mmu] : [];
            return Write(parsed, new FleetPlan
            {
                Kind = UnitKind.Run, Arguments = arguments, Strict = request.Values.Of(RunSettings.Strict),
            }, [.. Classes(parsed).SelectMany(one => Enumerable.Range(0, request.Runs).Select(number => new FleetUnit
            {
                Kind = UnitKind.Run, Seed = request.Seed + (ulong)number, Inputs = inputs.Hashes, Needs = needs, Constraint = one,
                Arguments = [.. arguments, RunSettings.Runs.Option, "1", RunSettings.Seed.Option,
                    RunSettings.Seed.Form.Print(request.Seed + (ulong)number), RunSettings.Figures.Option, "off"],
            }))]);
        }));
        return command;
    }

    private Command Explore()
    {
        SettingOptions options = new(ExplorationSettings.Group.Settings);
        Option<string> shards = SettingOptions.Text("--shards", "units to cut it into: slices of a program's search, parts of a "
            + "random search or of a strategy's search of all schedules", "16");
        Command command = new("explore", "a part of the schedules per unit");
        options.AddTo(command);
        foreach (Option option in (Option[])[_plan, shards, _timeout]) command.Options.Add(option);
        Hide(command);
        command.SetAction(parsed => Verb.Guarded(_console, () =>
        {
            RefuseUnused(parsed, ExplorationSettings.Format);
            SettingValues values = options.Read(parsed);
            ExploreRequest request = ExploreOptions.Read(values, new LabCatalogue());
            if (request.Replay is not null) throw new UsageException("--replay is one schedule; 'lab explore' runs it.");
            if (values.IsGiven(ExplorationSettings.Shard)) throw new UsageException("--shard is what a plan says; leave it out.");
            int count = Quantities.Whole("--shards", parsed.GetValue(shards)!, 1, 100_000);
            InputFiles inputs = new();
            string[] arguments = [.. inputs.Found(Pairs(parsed, options, ExplorationSettings.Group.Settings))];
            // A part ends when it is through, unless somebody said otherwise.
            Setting budget = ExplorationSettings.Budget;
            if (!values.IsGiven(budget)) arguments = [.. arguments, budget.Option, "none"];
            _console.Signals.HasNothing("no plan was made");
            IEnumerable<FleetUnit> units = request.Program is { } program ? OfProgram(program, arguments, count)
                : OfStrategies(request, arguments, count);
            return Write(parsed, new FleetPlan { Kind = UnitKind.Shard, Arguments = arguments },
                [.. units.Select(one => one with { Kind = UnitKind.Shard, Inputs = inputs.Hashes })]);
        }));
        return command;
    }

    private IEnumerable<FleetUnit> OfProgram(ProgramRequest program, string[] arguments, int count)
    {
        if (program.Settings.Search != Search.Optimal) return Samples(program.Settings.ExecutionsMax, program.Settings.Seed,
            arguments, count);
        if (program.Settings.ExecutionsMax != long.MaxValue) throw new UsageException(
            "--executions ends a search somewhere, which none of its parts knows; leave it out.");
        if (program.Settings.Model is not (MemoryModel.Sc or MemoryModel.Tso)) throw new UsageException(
            $"--model {MemoryModels.NameOf(program.Settings.Model)} has no schedules, so that its search is not cut into parts; "
                + "'lab explore' runs it whole.");
        return SearchSlices.Cut(program.Program.Make(program.Size), program.Settings, count, _console.Signals.Token)
            .Select(slice => new FleetUnit
            {
                Seed = program.Settings.Seed,
                Arguments = With(arguments, (ExplorationSettings.Shard, slice.ToString())),
            });
    }

    private IEnumerable<FleetUnit> OfStrategies(ExploreRequest request, string[] arguments, int count)
    {
        StrategyPlan[] all = [.. request.Plans.SelectMany(
            plan => plan.Scenarios.Select(scenario => plan with { Scenarios = [scenario] }))];
        bool IsSample(StrategyPlan plan) => (request.Settings with { Search = plan.Search }).IsSample;
        int parts = Math.Max(1, count / all.Length);
        if (parts > 1 && all.Any(plan => !IsSample(plan) && !StrategyShard.CanBeCut(plan)))
        {
            _console.Error.WriteLine("note: a search by preemptions, or under a model that is not known yet, is one unit per "
                + "scenario; name scenarios or a --model, and --search exhaustive, to have it cut.");
        }
        if (parts > 1 && request.Settings.ExecutionsMax != long.MaxValue && all.Any(StrategyShard.CanBeCut))
        {
            throw new UsageException("--executions ends a search somewhere, which none of its parts knows; leave it out.");
        }
        return all.SelectMany((plan, number) =>
        {
            string[] Own(string shard) => [.. With(arguments, (ExplorationSettings.Shard, shard))];
            return IsSample(plan) ? Samples(request.Settings.ExecutionsMax, request.Settings.Seed, Own($"{number}"), parts)
                : parts > 1 && StrategyShard.CanBeCut(plan) ? Enumerable.Range(1, parts).Select(part => new FleetUnit
                    { Seed = request.Settings.Seed, Arguments = Own(StrategyShard.Of(number, part, parts)) })
                : [new FleetUnit { Seed = request.Settings.Seed, Arguments = Own($"{number}") }];
        });
    }

    /// <summary>A random search in parts, each with a seed of its own.</summary>
    private static IEnumerable<FleetUnit> Samples(long executions, ulong seed, string[] arguments, int count)
    {
        int parts = (int)Math.Min(count, executions);
        return Enumerable.Range(0, parts).Select(part =>
        {
            long own = executions / parts + (part < executions % parts ? 1 : 0);
            ulong drawn = seed + SeedStep * (ulong)part;
            return new FleetUnit
            {
                Seed = drawn,
                Arguments = With(
                    arguments, (ExplorationSettings.ExecutionsMax, $"{own}"), (ExplorationSettings.Seed, $"{drawn}")),
            };
        });
    }

    private static void Hide(Command command)
    {
        foreach (Option option in command.Options.Where(IsUnused)) option.Hidden = true;
    }

    private static bool IsUnused(Option option) => option is ISettingOption own && Unused.Contains(own.Setting);

    /// <exception cref="UsageException">One of them was given.</exception>
    private static void RefuseUnused(ParseResult parsed, params Setting[] settings)
    {
        Option? given = parsed.CommandResult.Command.Options.FirstOrDefault(option => option is ISettingOption own
            && settings.Contains(own.Setting) && parsed.GetResult(option) is { Implicit: false });
        if (given is null) return;
        string whose = ((ISettingOption)given).Setting is { } own
            && (own == CompareSettings.Kernels || own == CompareSettings.Processor)
            ? "is of two kernels in guests, which 'lab compare' compares here and not in blocks"
            : "is of what is printed and left, which 'lab fleet gather' does";
        throw new UsageException($"{given.Name} {whose}; a plan has no use for it: leave it out.");
    }

    private int Write(ParseResult parsed, FleetPlan plan, IReadOnlyList<FleetUnit> units)
    {
        string path = parsed.GetValue(_plan) is { Length: > 0 } given ? given
            : throw new UsageException("A plan needs a folder that all machines see: -o PLAN.");
        string named = parsed.GetResult(_plan)!.IdentifierToken!.Value;
        if (File.Exists(path) || (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any()))
        {
            throw new UsageException($"{named} '{path}' is there already and not empty; name a new folder.");
        }
        TimeSpan timeout = Quantities.Duration("--timeout", parsed.GetValue(_timeout)!, TimeSpan.FromSeconds(1),
            TimeSpan.FromDays(30));
        PlanFolder folder;
        try
        {
            folder = PlanFolder.Create(path, plan with
            {
                CreatedUtc = DateTimeOffset.UtcNow, CommandLine = _commandLine, Build = FleetHost.Build,
                GitCommit = FleetHost.Commit, TimeoutS = (int)timeout.TotalSeconds,
                Unfit = plan.Kind == UnitKind.Shard || parsed.GetValue(_unfit),
            }, units);
        }
        catch (ResultsUnwritableException refused)
        {
            throw refused.NamedBy(named);
        }
        _console.Out.WriteLine($"{folder.Path}: {Plural.Of(folder.Count, "unit")}");
        string typed = ShellText.Of(path);
        _console.Error.WriteLine($"next: 'lab fleet submit {typed} --engine local --wait', or 'lab fleet work {typed} "
            + $"1-{folder.Count}'; then 'lab fleet gather {typed}'");
        return ExitCode.Fine;
    }

    /// <summary>The command that would do all of it here.</summary>
    private string[] OfVerb(ParseResult parsed)
    {
        string[] own = [.. new[] { _plan, _timeout, _classes }.Select(parsed.GetResult)
            .SelectMany(given => given?.Tokens ?? []).Select(token => token.Value)];
        return [.. _commandLine.Where(word => word is not ("fleet" or "plan" or "-o" or "--plan" or "--timeout" or "--unfit"
            or "--class") && !own.Contains(word))];
    }

    private IEnumerable<string?> Classes(ParseResult parsed)
    {
        string[] classes = parsed.GetValue(_classes)!
            .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return classes.Length == 0 ? new string?[] { null } : classes;
    }

    /// <summary>What was typed, each option followed by its value.</summary>
    private static IEnumerable<string> Pairs(ParseResult parsed, SettingOptions options, IEnumerable<Setting> settings) =>
        settings.SelectMany(setting => (options.Typed(parsed, setting) ?? []).SelectMany(
            text => (string[])[setting.Option, text]));

    /// <summary>The options with these in place of what they said.</summary>
    private static string[] With(string[] arguments, params (Setting Setting, string Text)[] own) =>
    [
        .. arguments.Chunk(2).Where(pair => own.All(one => one.Setting.Option != pair[0])).SelectMany(pair => pair),
        .. own.SelectMany(one => (string[])[one.Setting.Option, one.Text]),
    ];

    /// <summary>Files that options name. Every machine has to have them, under the same path and unchanged.</summary>
    private sealed class InputFiles
    {
        private readonly SortedDictionary<string, string> _hashes = new(StringComparer.Ordinal);

        public IReadOnlyDictionary<string, string> Hashes => _hashes;

        /// <summary>The same arguments, with whole paths.</summary>
        public IReadOnlyList<string> Found(IEnumerable<string> arguments) =>
            [.. arguments.Select(text => string.Join(',', text.Split(',').Select(Whole)))];

        private string Whole(string text)
        {
            if (!text.Contains('.', StringComparison.Ordinal) || !File.Exists(text)) return text;
            string path = Path.GetFullPath(text);
            _hashes[path] = PlanFolder.HashOf(path);
            return path;
        }
    }
}
