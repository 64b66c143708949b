using System.Diagnostics;
using Lab.Application;
using Lab.Application.Exploring;
using Lab.Explorer;
using Lab.Explorer.Litmus;
using Lab.Report.Documents;
using Lab.Report.Explorations;

namespace Lab.Cli.Explore;

/// <summary>Asks models about litmus tests. What is wrong with one is said with its line; the others are asked all the
/// same.</summary>
internal sealed class LitmusExploration(LitmusRequest request, ExploreFormat format, LabConsole console, Action<Document> print)
{
    private readonly List<(LitmusSubject Subject, LitmusAnswer Answer)> _answers = [];
    private readonly long _start = Stopwatch.GetTimestamp();
    private bool _hasRefused;

    public int Run(CancellationToken cancellation)
    {
        bool isAlone = request.Subjects.Count == 1 && request.Models.Count == 1;
        foreach (LitmusSubject subject in request.Subjects)
        {
            Guarded(subject, () =>
            {
                LitmusTest test = subject.Read();
                foreach (MemoryModel model in request.Models)
                {
                    if (cancellation.IsCancellationRequested || console.Loss is not null) return;
                    Guarded(subject, () => Ask(subject, test, model, isAlone, cancellation));
                }
            });
        }
        if (format == ExploreFormat.Json)
        {
            LitmusJson[] records = [.. _answers.Select(one => LitmusJson.Of(one.Subject.Source, one.Answer))];
            console.Out.WriteLine(Records.Json(records));
        }
        else if (request.Subjects.Any(subject => subject.Story.Length > 0) && _answers.Count > 1)
        {
            print(LitmusReport.Compared([.. request.Subjects.Select(subject => (subject.Source, subject.Story))],
                [.. _answers.Select(one => (one.Subject.Source, one.Answer))]));
        }
        return Exit(cancellation);
    }

    private void Ask(LitmusSubject subject, LitmusTest test, MemoryModel model, bool isAlone, CancellationToken cancellation)
    {
        TimeSpan budget = request.Budget == Timeout.InfiniteTimeSpan ? request.Budget
            : request.Budget - Stopwatch.GetElapsedTime(_start) is var left && left > TimeSpan.Zero ? left : TimeSpan.Zero;
        LitmusAnswer answer = LitmusExplorer.Ask(test, model, request.Questions, budget, cancellation);
        _answers.Add((subject, answer));
        if (format != ExploreFormat.Json && !request.IsComparison) print(LitmusReport.Of(answer, isAlone));
    }

    private void Guarded(LitmusSubject subject, Action ask)
    {
        try
        {
            ask();
        }
        catch (LitmusException error)
        {
            _hasRefused = true;
            console.Error.WriteLine($"lab: {subject.Source}:{error.Line}: {error.Message.TrimEnd('.')}.");
        }
    }

    private int Exit(CancellationToken cancellation)
    {
        if (!request.IsComparison && _answers.Any(one => one.Answer.IsViolated)) return ExitCode.InvariantViolated;
        if (_hasRefused) return ExitCode.Usage;
        if (cancellation.IsCancellationRequested) return ExitCode.Interrupted;
        return _answers.All(one => one.Answer.IsComplete) ? ExitCode.Fine : ExitCode.Inconclusive;
    }
}
