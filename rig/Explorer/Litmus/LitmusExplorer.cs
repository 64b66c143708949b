using System.Diagnostics;
using Lab.Explorer.Orders;

namespace Lab.Explorer.Litmus;

/// <summary>Asks a model about a litmus test.</summary>
public static class LitmusExplorer
{
    /// <summary>Enumerates all executions.</summary>
    /// <param name="test">The test.</param>
    /// <param name="model">The memory model.</param>
    /// <param name="budget">Time after which the answer is incomplete.</param>
    /// <param name="cancellation">Ends it early, too.</param>
    /// <exception cref="LitmusException">The model, or what happens in an execution, is not supported.</exception>
    public static LitmusAnswer Ask(
        LitmusTest test, MemoryModel model, TimeSpan? budget = null, CancellationToken cancellation = default)
    {
        long start = Stopwatch.GetTimestamp();
        bool IsStopped() => cancellation.IsCancellationRequested
            || (budget is { } most && most != Timeout.InfiniteTimeSpan && Stopwatch.GetElapsedTime(start) > most);
        Outcome outcome = Explore(test, OrderModels.Of(model), OrderChanges.None, IsStopped);
        return new LitmusAnswer
        {
            Test = test,
            Model = model,
            States = outcome.States,
            Positive = outcome.Positive,
            Negative = outcome.Negative,
            IsComplete = outcome.IsComplete,
            Seconds = Stopwatch.GetElapsedTime(start).TotalSeconds,
            Witness = outcome.Witness,
        };
    }

    internal sealed record Outcome(
        SortedDictionary<string, long> States, long Positive, long Negative, bool IsComplete, string? Witness);

    /// <summary>The same, with other orders than the test says.</summary>
    internal static Outcome Explore(LitmusTest test, OrderModel model, OrderChanges changes, Func<bool> isStopped)
    {
        if (model.RefusesGracePeriods is { } why
            && test.Sites.FirstOrDefault(site => site.Operation.Fence == FenceKind.GracePeriod) is { } gracePeriod)
        {
            throw new LitmusException(gracePeriod.Line,
                $"{model.Name} says nothing about synchronize_rcu: {why}; sc, tso, arm and lkmm do");
        }
        SortedDictionary<string, long> states = new(StringComparer.Ordinal);
        long positive = 0;
        long negative = 0;
        string? witness = null;
        CandidateSearch search = new(new LitmusProgram(test), model, changes) { IsStopped = isStopped };
        search.Run((x, traces) =>
        {
            long[] final = CandidateSearch.FinalOf(x, test.Initial);
            long ValueOf(LitmusPlace place) => place.Thread < 0 ? final[place.Index] : traces[place.Thread].Results[place.Index];
            if (test.Filter?.Holds(ValueOf) == false) return true;
            if (traces.FirstOrDefault(trace => trace.Fault is not null) is { Fault: { } fault })
            {
                throw new LitmusException(1, fault);
            }
            string state = string.Concat(test.Observed.Select(place => $"{place.Name}={test.ValueText(ValueOf(place))}; ")).TrimEnd();
            states[state] = states.GetValueOrDefault(state) + 1;
            bool holds = test.Condition.Holds(ValueOf);
            if (holds) positive++;
            else negative++;
            if (witness is null && holds != (test.Quantifier == LitmusQuantifier.ForAll)) witness = ExecutionText.Draw(test, x);
            return true;
        });
        return new Outcome(states, positive, negative, !search.WasStopped, witness);
    }
}
