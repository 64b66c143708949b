using System.CommandLine;
using Lab.Application;
using Lab.Application.Catalogue;
using Lab.Application.Comparing;
using Lab.Application.Settings;
using Lab.Cli.Guest;
using Lab.Cli.Options;
using Lab.Cli.Run;
using Lab.Results.Comparisons;
using Lab.Settings;

namespace Lab.Cli.Compare;

/// <summary>Arms and options of <c>lab compare</c>, and how they become a <see cref="CompareRequest"/>.</summary>
internal sealed class CompareOptions
{
    private readonly Argument<string[]> _arms = new("arms")
    {
        Description = "strategies (\"NAME --yield off\" with settings of its own), run folders, folders of them, baselines; "
            + "FOLDER@STRATEGY picks one. "
            + $"Strategies are measured as 'lab run' would, but with {CompareSettings.Departures}",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly SettingOptions _own = new(CompareSettings.Group.Settings);
    private readonly SettingOptions _ofRuns = new(CompareSettings.OfRuns, CompareSettings.DefaultOf);

    public void AddTo(Command command)
    {
        _arms.CompletionSources.Add(_ => new LabCatalogue().Strategies.Select(one => one.Name));
        command.Arguments.Add(_arms);
        _own.AddTo(command);
        _ofRuns.AddTo(command);
    }

    /// <summary>What was typed of <c>--kernel</c> and what goes with it; null where there is none.</summary>
    /// <exception cref="UsageException">Something goes with it that cannot.</exception>
    public KernelsToCompare? Kernels(ParseResult parsed)
    {
        SettingValues values = _own.Read(parsed);
        IReadOnlyList<string> kernels = values.Of(CompareSettings.Kernels);
        Setting[] apt = [CompareSettings.Kernels, CompareSettings.Processor, CompareSettings.Out, CompareSettings.Format];
        if (kernels.Count == 0)
        {
            return !values.IsGiven(CompareSettings.Processor) ? null
                : throw new UsageException("--processor is for the guests of --kernel; give that twice.");
        }
        if ((parsed.GetValue(_arms) ?? []).Length > 0
            || CompareSettings.Group.Settings.Except(apt).FirstOrDefault(values.IsGiven) is not null)
        {
            throw new UsageException("--kernel compares two kernels, counted and traced: of arms and of options of lab compare "
                + "only --processor, --format and --out go with it.");
        }
        CompareFormat format = values.Of(CompareSettings.Format);
        if (format == CompareFormat.Mmtests)
        {
            throw new UsageException("--format mmtests has times, and --kernel compares counts: table, markdown, json or csv.");
        }
        string[] ofRun = [.. CompareSettings.OfRuns.SelectMany(setting => (_ofRuns.Typed(parsed, setting) ?? [])
            .SelectMany(one => (string[])[setting.Option, one]))];
        if (ofRun.Contains(RunSettings.Mmu.Option)) throw new UsageException(
            "--kernel measures the kernel's own MMU: leave out --mmu.");
        string folder = values.IsGiven(CompareSettings.Out) ? values.Of(CompareSettings.Out) : Path.Combine("results", "kernels");
        return new KernelsToCompare(kernels, ofRun, folder, values.Of(CompareSettings.Processor),
            Enum.Parse<OutputFormat>(format.ToString()));
    }

    /// <exception cref="UsageException">Something asked for cannot be; nothing was started or written.</exception>
    /// <exception cref="NotComparableException">There is no such baseline.</exception>
    public CompareRequest Read(ParseResult parsed)
    {
        CompareRequest request = new(_own.Read(parsed));
        SettingValues values = request.Values, ofRuns = _ofRuns.Read(parsed);
        if (request.Out.Length == 0) throw new UsageException("--out is empty; name a folder for comparison folders.");
        string[] arms = parsed.GetValue(_arms) ?? [];
        string baseline = values.Of(CompareSettings.Baseline);
        if (request.Resume is not null)
        {
            Setting[] decided = [CompareSettings.Inject, CompareSettings.Seed, CompareSettings.Turns,
                CompareSettings.Subject, CompareSettings.Tail];
            if (arms.Length > 0 || baseline.Length > 0 || CompareSettings.OfRuns.Any(ofRuns.IsGiven)
                || decided.Any(values.IsGiven))
            {
                throw new UsageException(
                    "--resume continues with the arms and settings of its comparison; leave out arms and settings.");
            }
            return request;
        }

        LabCatalogue catalogue = new();
        foreach (string plugin in ofRuns.Of(RunSettings.Plugins)) catalogue.AddPlugin(plugin);
        List<ComparisonArm> read = baseline.Length == 0 ? [] : [ArmNames.Baseline(baseline, SavedBaseline.Beside(request.Out))];
        read.AddRange(arms.Select(arm => ArmNames.Read(arm, catalogue, request.Out)));
        InheritedSettings? inherited = InheritedSettings.Of(read);
        (string[] arguments, IReadOnlyList<(Setting, string)> taken) = Forwarded(parsed, inherited);
        string[] names = [.. CompareSettings.OfRuns.Select(setting => setting.Option)];
        List<ComparisonArm> asTyped = read;
        read = [.. read.Select(arm =>
            arm.Source == ArmSource.Strategy ? arm with { Arguments = ArmNames.Arguments(arguments, arm, names) } : arm)];
        if (values.Of(CompareSettings.Inject) > 0)
        {
            if (read.Count == 0 || read[^1].Source != ArmSource.Strategy) throw new UsageException(
                "--inject slows the last arm down while it is measured; name a strategy last.");
            read[^1] = read[^1] with
                { Arguments = [.. read[^1].Arguments, RunSettings.Inject.Option, values.Typed(CompareSettings.Inject)] };
        }
        if (request.Subject == ComparedSubject.Kernel && read.All(arm => arm.Source == ArmSource.Strategy))
        {
            throw new UsageException("--subject kernel compares runs of different kernels, and what is measured now is all on "
                + "this one; name run folders or a baseline of the other.");
        }
        bool onlySaves = request.SaveBaseline is not null && read is [{ Source: ArmSource.Strategy }];
        if (read.Count < 2 && !onlySaves) throw new UsageException(
            "lab compare needs two arms or more: strategies, run folders, or baselines (--baseline NAME).");
        if (request.SaveBaseline is not null && read.All(arm => arm.Source != ArmSource.Strategy))
        {
            throw new UsageException("--save-baseline keeps what is measured; name a strategy among the arms.");
        }
        RefuseIdle(asTyped, read, ofRuns);
        return request with { Arms = ArmNames.Distinct(read), Notes = inherited is null ? [] : [inherited.Describe(taken)] };
    }

    /// <summary>An arm's own setting that it does not read, and a common one that no arm reads, are refused.</summary>
    private static void RefuseIdle(List<ComparisonArm> typed, List<ComparisonArm> arms, SettingValues common)
    {
        (ComparisonArm Typed, RunRequest Run)[] measured;
        try
        {
            measured = [.. typed.Zip(arms).Where(one => one.Second.Source == ArmSource.Strategy)
                .Select(one => (one.First,
                    RunRequest.Read([RunSettings.Strategy.Option, one.Second.Strategy!, .. one.Second.Arguments])))];
        }
        catch (UsageException)
        {
            return; // said where the arm is measured: whether it can be compared at all comes first
        }
        if (measured.Length == 0) return;
        foreach ((ComparisonArm arm, RunRequest run) in measured)
        {
            if (run.Idle().FirstOrDefault(setting => IsIn(arm.Arguments, setting)) is { } idle) throw RunRequest.NotRead(
                idle, $"'{arm.Label}' is measured on something else");
        }
        if (CompareSettings.OfRuns.Where(common.IsGiven).FirstOrDefault(
            setting => measured.All(one => one.Run.Idle().Contains(setting))) is { } nobodys)
        {
            throw RunRequest.NotRead(nobodys, "no arm is measured on that");
        }

        static bool IsIn(IReadOnlyList<string> own, Setting setting) => own.Any(word => word.Split('=')[0] == setting.Option);
    }

    /// <summary>What <c>lab run</c> gets: what was typed, else what the arm measured before has, else this command's defaults
    /// where they are others. Second: what was taken from there that would be something else otherwise.</summary>
    private (string[] Arguments, IReadOnlyList<(Setting Setting, string Value)> Taken) Forwarded(
        ParseResult parsed, InheritedSettings? inherited)
    {
        List<string> arguments = [];
        List<(Setting, string)> taken = [];
        foreach (Setting setting in CompareSettings.OfRuns)
        {
            if (_ofRuns.Typed(parsed, setting) is { } given)
            {
                arguments.AddRange(given.SelectMany(one => (string[])[setting.Option, one]));
                continue;
            }
            string otherwise = CompareSettings.DefaultOf(setting);
            string text =
                inherited?.ValueOf(setting) is { } before && !setting.MeansTheSame(before, otherwise) ? before : otherwise;
            if (text != otherwise) taken.Add((setting, text));
            if (text != setting.Default) arguments.AddRange([setting.Option, text]);
        }
        return ([.. arguments], taken);
    }
}
