using Lab.Application.Catalogue;
using Lab.Application.Exploring;
using Lab.Explorer;
using Lab.Explorer.Litmus;
using Lab.Explorer.Programs;
using Lab.Explorer.Scenarios;
using Lab.Explorer.Schedules;
using Lab.Explorer.Strategies;
using Lab.Settings;
using Lab.Strategies;

namespace Lab.Cli.Explore;

/// <summary>How the settings of <c>lab explore</c> become an <see cref="ExploreRequest"/>.</summary>
/// <exception cref="UsageException">Something asked for cannot be; nothing was started.</exception>
internal sealed class ExploreOptions(SettingValues values, LabCatalogue catalogue)
{
    private const int RandomExecutions = 100_000;

    public static ExploreRequest Read(SettingValues values, LabCatalogue catalogue) =>
        new ExploreOptions(values, catalogue).Read();

    private ExploreRequest Read()
    {
        foreach (string plugin in Of(ExplorationSettings.Plugins)) catalogue.AddPlugin(plugin);
        ExploreRequest request = new()
        {
            Format = Of(ExplorationSettings.Format),
            AllSteps = Of(ExplorationSettings.AllSteps),
            Plugins = Of(ExplorationSettings.Plugins),
            ScenarioFiles = GivenText(ExplorationSettings.Scenario) is { } named ? ScenarioChoice.Files(named) : [],
        };
        if (Litmus() is { } litmus) return request with { Litmus = litmus };
        Refuse([ExplorationSettings.Weaken], "is for litmus tests; give --litmus, or --program rmap-lock");
        if (Of(ExplorationSettings.Model) is { } model && IsWeak(model) && Of(ExplorationSettings.Program).Length == 0)
        {
            throw new UsageException($"--model {MemoryModels.NameOf(model)} is for litmus tests and programs; strategies are "
                + "explored under sc or tso.");
        }
        string replay = Of(ExplorationSettings.Replay);
        if (replay.Length > 0) Refuse(ExplorationSettings.Replayed, "cannot be combined with --replay: the string decides it");
        if (Of(ExplorationSettings.Program).Length > 0)
        {
            Refuse(ExplorationSettings.OfStrategies, "is for strategies; leave it out with --program");
            return request with { Program = Program(replay) };
        }
        Refuse([ExplorationSettings.Size], "is for programs; name one with --program");
        StrategySettings settings = Settings();
        if (replay.Length > 0)
        {
            if (!ScheduleText.TryDecode(replay, out ScheduleKey? recorded, out _, out string? complaint))
            {
                throw new UsageException($"--replay: {complaint}");
            }
            StrategyPlan plan =
                ReplayPlan(recorded, GivenText(ExplorationSettings.Strategy), GivenText(ExplorationSettings.Scenario), catalogue);
            IReadOnlySet<string> variants = ScenarioChoice.Recorded(recorded).Variants;
            settings = settings with
                { Model = recorded.Model, GlueFastZap = variants.Contains("glue"), InsertAtTail = variants.Contains("tail") };
            return request with { Settings = settings, Replay = replay, Plans = [plan] };
        }
        if (GivenText(ExplorationSettings.Shard) is not { } shard) return request with { Settings = settings, Plans = Plans() };
        (int exploration, SearchPart? part) = StrategyShard.Parse(shard);
        return request with { Settings = settings with { Part = part }, Plans = [One(exploration, part)] };
    }

    /// <summary>One strategy on one scenario, of all that is asked for.</summary>
    private StrategyPlan One(int number, SearchPart? part)
    {
        string option = ExplorationSettings.Shard.Option;
        StrategyPlan[] all =
            [.. Plans().SelectMany(plan => plan.Scenarios.Select(scenario => plan with { Scenarios = [scenario] }))];
        StrategyPlan one = all[Quantities.Whole(option, $"{number}", 0, all.Length - 1)];
        if (part is not null && !StrategyShard.CanBeCut(one)) throw new UsageException(
            $"{option}: only a search of all schedules under one model has parts; name a scenario or a --model, and --search "
                + "exhaustive.");
        return one;
    }

    /// <summary>Null if no litmus tests are asked for.</summary>
    private LitmusRequest? Litmus()
    {
        IReadOnlyList<string> paths = Of(ExplorationSettings.Litmus);
        string program = Of(ExplorationSettings.Program);
        IReadOnlyList<LitmusVariant> variants = RmapLock.Named(program);
        if (paths.Count == 0 && variants.Count == 0) return null;
        if (paths.Count > 0 && program.Length > 0) throw new UsageException("Give either --litmus or --program.");
        Refuse(ExplorationSettings.OfStrategies, "is for strategies; leave it out with litmus tests");
        Refuse(ExplorationSettings.OfSchedules,
            "is about schedules; of a litmus test all executions are looked at, so leave it out");
        MemoryModel? model = Of(ExplorationSettings.Model);
        bool isComparison = variants.Count > 0 && model is null;
        return new LitmusRequest(
            paths.Count > 0 ? [.. paths.Select(FromFile)]
                : [.. variants.Select(variant => new LitmusSubject(variant.Name, () => variant.Test) { Story = variant.Story })],
            isComparison ? MemoryModels.All : [model ?? MemoryModel.Lkmm])
        {
            IsComparison = isComparison,
            Questions = Of(ExplorationSettings.Weaken) ? LitmusQuestions.Fix | LitmusQuestions.Spare : LitmusQuestions.Fix,
            Budget = Of(ExplorationSettings.Budget),
        };
    }

    private static LitmusSubject FromFile(string path)
    {
        try
        {
            string text = File.ReadAllText(path);
            return new LitmusSubject(path, () => LitmusTest.Read(text));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new UsageException(
                $"--litmus '{path}' cannot be read ({error.Message.TrimEnd('.')}); give the path of a litmus test.");
        }
    }

    private ProgramRequest Program(string replay)
    {
        ClassicProgram program = Names.Find("program", Of(ExplorationSettings.Program), ClassicPrograms.All, one => one.Name);
        string size = Of(ExplorationSettings.Size);
        Search search = Names.Choice("--search", values.Typed(ExplorationSettings.Search), ("exhaustive", Search.Optimal),
            ("random", Search.Random), ("pct", Search.Pct), ("pos", Search.Pos), ("urw", Search.Urw), ("auto", Search.Optimal));
        MemoryModel model =
            (replay.Length > 0 ? RecordedModel.Of(replay) : Of(ExplorationSettings.Model)) ?? MemoryModel.Sc;
        if (IsWeak(model))
        {
            Refuse([.. search == Search.Optimal ? (Setting[])[] : [ExplorationSettings.Search], ExplorationSettings.Shard],
                $"is about schedules; under {MemoryModels.NameOf(model)} there are executions, and all are looked at, so leave "
                    + "it out");
        }
        return new ProgramRequest(program,
            size.Length == 0 ? program.DefaultSize : Quantities.Whole("--size", size, 1, program.SizeMax), new ExploreSettings
        {
            Search = replay.Length > 0 ? Search.Replay : search,
            Schedule = replay.Length > 0 ? replay : null,
            Model = model,
            Budget = Of(ExplorationSettings.Budget),
            ExecutionsMax = ExecutionsMax(search != Search.Optimal),
            PctDepth = Of(ExplorationSettings.Depth),
            Seed = Of(ExplorationSettings.Seed),
            Slice = Slice(),
        });
    }

    /// <summary>There are no schedules under it.</summary>
    private static bool IsWeak(MemoryModel model) => model is not (MemoryModel.Sc or MemoryModel.Tso);

    private SearchSlice Slice()
    {
        try
        {
            return GivenText(ExplorationSettings.Shard) is { } text ? SearchSlice.Parse(text) : SearchSlice.Whole;
        }
        catch (FormatException error)
        {
            throw new UsageException($"{ExplorationSettings.Shard.Option} {error.Message}");
        }
    }

    private StrategySettings Settings() => new()
    {
        Model = Of(ExplorationSettings.Model) ?? MemoryModel.Sc,
        PreemptionsMax = Of(ExplorationSettings.PreemptionsMax),
        Budget = Of(ExplorationSettings.Budget),
        PctDepth = Of(ExplorationSettings.Depth),
        Seed = Of(ExplorationSettings.Seed),
        ExecutionsMax =
            ExecutionsMax(Of(ExplorationSettings.Search) is not (null or StrategySearch.Exhaustive or StrategySearch.Bounded)),
        AsFound = Of(ExplorationSettings.AsFound),
        GlueFastZap = Of(ExplorationSettings.Glue),
        InsertAtTail = Of(ExplorationSettings.Tail),
        Workers = Of(ExplorationSettings.Workers),
    };

    private List<StrategyPlan> Plans()
    {
        IReadOnlyList<Subject> strategies = Strategies();
        IReadOnlyList<Scenario>? named =
            GivenText(ExplorationSettings.Scenario) is { } text ? ScenarioChoice.Named(text, catalogue) : null;
        Dictionary<string, long> parameters = ScenarioChoice.Values(Of(ExplorationSettings.Set), named ?? catalogue.Scenarios);
        StrategySearch? asked = Of(ExplorationSettings.Search);
        List<StrategyPlan> plans = [];
        foreach (Subject strategy in strategies)
        {
            IEnumerable<Scenario> scenarios = named ?? ByDefault(strategy);
            StrategySearch search = asked ?? (strategy.IsBroken ? StrategySearch.Bounded : StrategySearch.Exhaustive);
            plans.Add(new StrategyPlan(strategy, [.. scenarios.Select(one => ScenarioChoice.With(one, parameters))], search,
                StopsAtViolation: named is null) { AddsTso = named is null && Of(ExplorationSettings.Model) is null });
        }
        return plans;
    }

    /// <summary>All of its families, the quickest first: those of the families whose members it names, then those of roots. For
    /// a broken one there are in front those that are written to reject it, and behind those of the other families.</summary>
    private IReadOnlyList<Scenario> ByDefault(Subject subject)
    {
        IEnumerable<Family> families = [.. subject.Said.Select(member => member.Family), Family.Roots];
        IEnumerable<Scenario> own = families.SelectMany(LabCatalogue.ScenariosOf);
        if (!subject.IsBroken) return [.. own];
        return
        [
            .. own.Concat(catalogue.Scenarios).DistinctBy(one => one.Name)
                .OrderBy(one => !subject.Members.Any(member => one.Rejects.Contains(member.Name))),
        ];
    }

    /// <summary>The explorer itself refuses a schedule of another version of the scenario; here it is found by name.</summary>
    private static StrategyPlan ReplayPlan(ScheduleKey recorded, string? strategy, string? scenario, LabCatalogue catalogue)
    {
        (string name, IReadOnlyDictionary<string, long> values, _) = ScenarioChoice.Recorded(recorded);
        if (strategy is not null && strategy != recorded.Subject) throw Contradiction("--strategy", strategy, recorded.Subject);
        Subject entry = catalogue.Named(recorded.Subject, Explorable(catalogue));
        IReadOnlyList<Scenario> made = scenario is null ? [Names.Find("scenario", name, catalogue.Scenarios, one => one.Name)]
            : ScenarioChoice.Named(scenario, catalogue);
        if (made is not [var only] || only.Name != name) throw Contradiction("--scenario", scenario!, name);
        return new StrategyPlan(entry, [ScenarioChoice.With(only, values)], StrategySearch.Exhaustive, StopsAtViolation: false);
    }

    private static UsageException Contradiction(string option, string given, string inString) =>
        new($"{option} {given} contradicts the replay string, which is for '{inString}'; leave the option out.");

    /// <summary>What the running kernel does is not under the explorer's control.</summary>
    private static IReadOnlyList<Subject> Explorable(LabCatalogue catalogue) =>
        [.. catalogue.Strategies.Where(entry => !entry.NeedsKernel)];

    private IReadOnlyList<Subject> Strategies()
    {
        IReadOnlyList<Subject> chosen = catalogue.SubjectsNamed(
            Of(ExplorationSettings.Strategy), Of(ExplorationSettings.Notifier), Of(ExplorationSettings.Ageing),
            Explorable(catalogue),
            ("all", entry => !entry.IsBroken && !entry.IsBound), ("broken", entry => entry.IsBroken));
        if (chosen.FirstOrDefault(entry => entry.IsBound) is not { } bound) return chosen;
        throw new UsageException(
            $"'{bound.Name}' is a floor for measurements, not a strategy that can be explored; leave it out.");
    }

    private T Of<T>(Setting<T> setting) => values.Of(setting);

    private string? GivenText(Setting setting) => values.IsGiven(setting) ? values.Typed(setting) : null;

    private long ExecutionsMax(bool isRandom) =>
        Of(ExplorationSettings.ExecutionsMax) ?? (isRandom ? RandomExecutions : long.MaxValue);

    private void Refuse(IEnumerable<Setting> settings, string why)
    {
        if (settings.FirstOrDefault(values.IsGiven) is { } given) throw new UsageException($"{given} {why}.");
    }
}
