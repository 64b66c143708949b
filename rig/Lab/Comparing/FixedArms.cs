using Lab.Application.Measuring;
using Lab.Measure;
using Lab.Results;
using Lab.Results.Comparisons;
using Lab.Settings;

namespace Lab.Application.Comparing;

/// <summary>The arms of a comparison that were measured before, read once.</summary>
public sealed class FixedArms
{
    private readonly IReadOnlyList<ComparisonArm> _arms;
    private readonly Dictionary<int, (IReadOnlyList<RunRecord> Records, IReadOnlyList<string> Problems)> _read = [];

    /// <param name="arms">All of the comparison.</param>
    /// <param name="notes">What could not be read, a line each.</param>
    /// <exception cref="UsageException">An arm has no run that can be read.</exception>
    public FixedArms(IReadOnlyList<ComparisonArm> arms, TextWriter notes)
    {
        _arms = arms;
        foreach ((int index, ComparisonArm arm) in arms.Index())
        {
            if (arm.Source == ArmSource.Strategy) continue;
            List<string> problems = [];
            IReadOnlyList<RunRecord> records = Directory.Exists(arm.From!) ? ArmReader.FromFolder(arm.From!, problems) : [];
            if (records.Count == 0)
            {
                foreach (string problem in problems.Skip(1)) notes.WriteLine($"note: {problem}.");
                string why = problems.Count == 0
                    ? $"'{arm.From}' holds no run; expected a run folder, or a folder of run folders."
                    : $"{problems[0]}, and "
                        + (problems.Count == 1 ? "there is no other run" : "no other run can be compared either")
                        + $" in '{arm.From}'.";
                throw arm.Source == ArmSource.Baseline ? new NotComparableException(why) : new UsageException(why);
            }
            _read.Add(index, (records, problems));
        }
    }

    public ArmRuns Of(int index)
    {
        (IReadOnlyList<RunRecord> records, IReadOnlyList<string> problems) = _read[index];
        return ArmRuns.Of(_arms[index].Label, StrategyOf(index), records.Select(record => (record, 0)), problems);
    }

    /// <summary>Of arms with runs of several strategies, which one's are compared though none was named.</summary>
    public IEnumerable<string> Taken =>
        from index in _read.Keys
        where _arms[index].Strategy is null
        let there = ArmReader.StrategiesIn(_read[index].Records)
        where there.Count > 1
        select $"'{_arms[index].Label}' has runs of {string.Join(", ", there.Order(StringComparer.Ordinal))}; those of "
            + $"{StrategyOf(index)} are compared, as of the other arm.";

    /// <summary>The same runs on both sides are equal, whatever they hold; a copy of a run is the same run.</summary>
    /// <exception cref="UsageException">There are such.</exception>
    public void RefuseTheSame()
    {
        Dictionary<(string Run, string Strategy), int> there = [];
        foreach ((int index, (IReadOnlyList<RunRecord> records, _)) in _read)
        {
            string strategy = StrategyOf(index);
            foreach (RunRecord record in records.Where(record => record.Strategies.Contains(strategy)))
            {
                if (there.TryAdd((record.Manifest.Id, strategy), index)) continue;
                int first = there[(record.Manifest.Id, strategy)];
                if (first != index) throw new UsageException($"Run {record.Manifest.Id} of {strategy} is in two arms, "
                    + $"'{_arms[first].From}' and '{_arms[index].From}': nothing can differ; name two that were measured apart.");
            }
        }
    }

    /// <summary>A baseline of another machine says nothing about this one.</summary>
    /// <exception cref="NotComparableException">There is one, and it was not insisted on.</exception>
    public void Refuse(bool anyway)
    {
        foreach (int index in _read.Keys) _ = StrategyOf(index);
        RefuseEmulated();
        Manifest here = ThisMachine.Manifest(new Dictionary<string, string>());
        foreach ((int index, ComparisonArm arm) in _arms.Index().Where(one => one.Item.Source == ArmSource.Baseline))
        {
            IReadOnlyList<Manifest> baseline = [.. _read[index].Records.Select(record => record.Manifest)];
            IReadOnlyList<Manifest> others = _arms.Any(other => other.Source == ArmSource.Strategy) ? [here]
                : [.. _read.Where(other => other.Key != index).SelectMany(other => other.Value.Records)
                    .Select(record => record.Manifest)];
            ArmDifference[] differences = [.. ArmDifferences.Between([baseline, others]).Where(one => one.IsMachine)];
            if (differences.Length > 0 && !anyway)
            {
                throw new NotComparableException($"Baseline '{arm.Label}' is of another machine: "
                    + string.Join("; ", differences.Select(one => $"{one.What} {one.Values[0]}, not {one.Values[1]}"))
                    + "; --anyway compares them nevertheless.");
            }
        }
    }

    /// <summary>Why nothing that was measured elsewhere can be compared with an arm that was measured before: it is of another
    /// machine. Null if it can.</summary>
    /// <param name="elsewhere">What was measured, on machines of one class.</param>
    public string? WhyNotComparable(IReadOnlyList<Manifest> elsewhere)
    {
        foreach ((int index, (IReadOnlyList<RunRecord> records, _)) in _read)
        {
            ArmDifference[] differences = [.. ArmDifferences.Between([[.. records.Select(record => record.Manifest)], elsewhere])
                .Where(one => one.IsMachine)];
            if (differences.Length > 0) return $"'{_arms[index].Label}' was measured on another machine: "
                + string.Join("; ", differences.Select(one => $"{one.What} {one.Values[0]}, not {one.Values[1]}"));
        }
        return null;
    }

    /// <summary>What a program was the processor of has no times.</summary>
    /// <exception cref="UsageException">There is such an arm, measured or to be measured here.</exception>
    private void RefuseEmulated()
    {
        string? which = _read.Values.SelectMany(one => one.Records).FirstOrDefault(run => run.Manifest.Machine.Emulated == true)
            is { } run ? $"Run {run.Manifest.Id} was measured" : null;
        which ??= _arms.Any(arm => arm.Source == ArmSource.Strategy) && EmulatedProcessor.IsHere() ? "This lab runs" : null;
        if (which is not null) throw new UsageException($"{which} on an emulated processor, whose times mean nothing; compare "
            + "counts, order and references with lab compare --kernel A --kernel B.");
    }

    /// <summary>The strategy named, the only one there, or the one that another arm has as well.</summary>
    private string StrategyOf(int index)
    {
        ComparisonArm arm = _arms[index];
        IReadOnlyList<string> there = ArmReader.StrategiesIn(_read[index].Records);
        if (arm.Strategy is { } named)
        {
            return there.Contains(named) ? named : throw new UsageException(
                $"'{arm.From}' has no runs of '{named}'; there are: {string.Join(", ", there.Order())}.");
        }
        if (there.Count == 1) return there[0];
        string[] shared = [.. _arms.Where((_, other) => other != index).Select((other) => other.Strategy).OfType<string>()
            .Distinct().Where(there.Contains)];
        if (shared.Length == 1) return shared[0];
        throw new UsageException($"'{arm.From}' has runs of several strategies; write {arm.Label}@STRATEGY with one of: "
            + $"{string.Join(", ", there.Order())}.");
    }
}
