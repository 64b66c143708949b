using System.Globalization;
using Lab.Explorer;
using Lab.Explorer.Litmus;
using Lab.Explorer.Orders;
using Lab.Report.Documents;

namespace Lab.Report.Explorations;

/// <summary>What models say of litmus tests: herd's summary, the execution that decides, the smallest fix.</summary>
public static class LitmusReport
{
    /// <summary>One test under one model.</summary>
    /// <param name="answer">What was found.</param>
    /// <param name="isAlone">Nothing else was asked: the execution is shown, too.</param>
    public static Document Of(LitmusAnswer answer, bool isAlone)
    {
        Mood mood = answer.IsViolated ? Mood.Bad : answer.IsComplete ? Mood.Good : Mood.Warn;
        return new Document("lab explore")
        {
            Mood = mood,
            Answer = [new($"{answer.Test.Name} under {MemoryModels.NameOf(answer.Model)}: {Verdict(answer)}", mood)],
            Parts =
            [
                new Commands("", answer.Summary),
                .. answer.Fixes.Select((fix, index) => Item($"{(index == 0 ? "would be forbidden with" : "or with")} {fix}")),
                .. answer is { Happens: true, IsComplete: true, Fixes.Count: 0 } ? [Item(NoFix(answer))] : (Part[])[],
                .. answer.Spare is { } spare ? Spare(spare) : [],
                .. isAlone && answer.Witness is { } witness ? Execution(answer, witness) : [],
                Item(string.Create(CultureInfo.InvariantCulture,
                    $"{(answer.IsComplete ? "all executions" : "INCOMPLETE, the budget ended")}: {answer.Executions:N0} in "
                    + $"{answer.Seconds:0.000} s, load buffering "
                    + $"{(MemoryModels.HasLoadBuffering(answer.Model) ? "included" : "excluded")}; "
                    + $"model: {MemoryModels.StoryOf(answer.Model)}")),
            ],
        };
    }

    /// <summary>Variants of a program against models.</summary>
    /// <param name="variants">Name and story of each.</param>
    /// <param name="answers">All that were asked.</param>
    public static Document Compared(
        IReadOnlyList<(string Name, string Story)> variants, IReadOnlyList<(string Name, LitmusAnswer Answer)> answers)
    {
        MemoryModel[] models = [.. answers.Select(one => one.Answer.Model).Distinct()];
        Cell Holds(string name, MemoryModel model) =>
            answers.Where(one => one.Name == name && one.Answer.Model == model).Select(one => one.Answer switch
            {
                { IsViolated: true } => new Cell("FAILS") { Mood = Mood.Bad },
                { IsComplete: true } => new Cell("holds"),
                _ => new Cell("?"),
            }).FirstOrDefault(new Cell("–"));
        return new Document("lab explore")
        {
            Mood = Mood.Plain,
            Parts =
            [
                new Table([RmapLock.Name, .. models.Select(model => (Column)MemoryModels.NameOf(model))],
                    [.. variants.Select(variant => (IReadOnlyList<Cell>)
                        [Short(variant.Name), .. models.Select(model => Holds(variant.Name, model))])]) { IsSortable = false },
                .. variants.Select(variant => Item($"{Short(variant.Name)}: {variant.Story}")),
                .. answers.Where(one => one.Answer is { Model: MemoryModel.Lkmm, Fixes.Count: > 0 }).Select(one => Item(
                    $"{Short(one.Name)} under lkmm would be forbidden with {one.Answer.Fixes[0]}")),
                new Commands("  one of them", $"lab explore --program {RmapLock.Name}-v7 --model lkmm"),
            ],
        };
    }

    /// <summary>An execution: a column of events per thread, then the arrows between them and the cycle.</summary>
    private static IEnumerable<Part> Execution(LitmusAnswer answer, DrawnExecution drawn)
    {
        DrawnEvent[][] threads = [.. drawn.Events.GroupBy(e => e.Thread).Select(thread => thread.ToArray())];
        List<IReadOnlyList<Cell>> rows = [];
        for (int row = 0; row < threads.Max(thread => thread.Length); row++)
        {
            rows.Add([.. threads.Select(thread =>
                (Cell)(row < thread.Length ? $"{thread[row].Label}: {thread[row].Text}" : ""))]);
        }
        yield return new Table([.. threads.Select(thread => (Column)$"P{thread[0].Thread}")], rows) { IsSortable = false };
        foreach (string name in (string[])["rf", "co", "fr"])
        {
            string arrows = string.Join(", ", drawn.Edges.Where(edge => edge.Name == name)
                .Select(edge => $"{edge.From}→{edge.To}"));
            if (arrows.Length > 0) yield return Item($"{name}: {arrows}");
        }
        if (drawn.Cycle.Count > 0) yield return Item($"cycle: {DrawnExecution.Chain(drawn.Cycle)}");
        if (drawn.ForbiddenBy is { } axiom)
        {
            yield return Item($"{MemoryModels.NameOf(answer.Model)} forbids it, by its axiom '{axiom}': "
                + DrawnExecution.Chain(drawn.ForbiddenCycle));
        }
    }

    private static IEnumerable<Part> Spare(IReadOnlyList<LitmusChange> spare)
    {
        if (spare.Count == 0) yield return Item("no order can be dropped without a new state");
        foreach (LitmusChange change in spare) yield return Item($"no new state with {change}");
    }

    private static string NoFix(LitmusAnswer answer) => answer.Model == MemoryModel.Sc
        ? "it happens under sequential consistency: no order forbids it"
        : "no small set of stronger orders was found that forbids it";

    private static string Verdict(LitmusAnswer answer)
    {
        string outcome = answer.Test.AsksForAll ? "an outcome that it does not allow" : "the outcome";
        string happens = answer.Happens ? "happens" : answer.IsComplete ? "never happens" : "has not happened so far, INCOMPLETE";
        return $"{outcome} {happens}{(answer.IsViolated ? ": VIOLATED" : "")}";
    }

    private static string Short(string variant) => variant[(RmapLock.Name.Length + 1)..];

    private static Prose Item(string text) => new($"  {text}");
}
