using System.Diagnostics;
using Lab.Explorer.Orders;

namespace Lab.Explorer.Litmus;

/// <summary>Asks a model about a litmus test.</summary>
public static class LitmusExplorer
{
    /// <summary>Sets of stronger orders that are shown.</summary>
    private const int FixesMax = 3;

    /// <summary>Enumerates all executions.</summary>
    /// <param name="test">The test.</param>
    /// <param name="model">The memory model.</param>
    /// <param name="questions">What is asked besides the states.</param>
    /// <param name="budget">Time after which the answer is incomplete.</param>
    /// <param name="cancellation">Ends it early, too.</param>
    /// <exception cref="LitmusException">The model, or what happens in an execution, is not supported.</exception>
    public static LitmusAnswer Ask(LitmusTest test, MemoryModel model, LitmusQuestions questions = LitmusQuestions.None,
        TimeSpan? budget = null, CancellationToken cancellation = default)
    {
        long start = Stopwatch.GetTimestamp();
        bool IsStopped() => cancellation.IsCancellationRequested
            || (budget is { } most && most != Timeout.InfiniteTimeSpan && Stopwatch.GetElapsedTime(start) > most);
        OrderModel axioms = OrderModels.Of(model);
        Outcome outcome = Explore(test, axioms, OrderChanges.None, IsStopped);
        TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
        LitmusOrders orders = new(test, axioms, IsStopped);
        LitmusAnswer answer = new()
        {
            Test = test,
            Model = model,
            States = outcome.States,
            Positive = outcome.Positive,
            Negative = outcome.Negative,
            IsComplete = outcome.IsComplete,
            Seconds = elapsed.TotalSeconds,
            Witness = outcome.Witness,
        };
        return answer with
        {
            Fixes = questions.HasFlag(LitmusQuestions.Fix) && answer is { Happens: true, IsComplete: true }
                ? orders.Fixes(FixesMax) : [],
            Spare = questions.HasFlag(LitmusQuestions.Spare) && outcome.IsComplete ? orders.Spare() : null,
        };
    }

    internal sealed record Outcome(
        SortedDictionary<string, long> States, long Positive, long Negative, bool IsComplete, DrawnExecution? Witness);

    /// <summary>Whether what the test asks about happens with other orders than the test says; null if stopped before that was
    /// known.</summary>
    internal static bool? Reaches(LitmusTest test, OrderModel model, OrderChanges changes, Func<bool> isStopped)
    {
        bool happens = false;
        CandidateSearch search = new(new LitmusProgram(test), model, changes) { IsStopped = isStopped };
        search.Run((x, traces) =>
        {
            Func<LitmusPlace, long> valueOf = ValuesOf(test, x, traces);
            if (test.Filter?.Holds(valueOf) == false) return true;
            happens = IsAskedFor(test, valueOf);
            return !happens;
        });
        return happens ? true : search.WasStopped ? null : false;
    }

    /// <summary>The states, with other orders than the test says.</summary>
    internal static Outcome Explore(LitmusTest test, OrderModel model, OrderChanges changes, Func<bool> isStopped)
    {
        if (model.RefusesGracePeriods is { } why
            && test.Sites.FirstOrDefault(site => site.Operation.Fence == FenceKind.GracePeriod) is { } gracePeriod)
        {
            throw new LitmusException(gracePeriod.Line,
                $"{model.Name} says nothing about synchronize_rcu: {why}; sc, tso, arm and lkmm do");
        }
        if (model.RefusesC11 is { } reason && test.Sites.FirstOrDefault(site => site.Operation.IsC11) is { } atomic)
        {
            throw new LitmusException(atomic.Line, $"{model.Name} says nothing about {atomic.Operation.Name} of C11: {reason}; "
                + "ask sc, tso, ra, rc11 or arm, or write READ_ONCE, smp_store_release, xchg, smp_mb and their like");
        }
        SortedDictionary<string, long> states = new(StringComparer.Ordinal);
        long positive = 0;
        long negative = 0;
        DrawnExecution? allowed = null;
        DrawnExecution? forbidden = null;
        CandidateSearch search = new(new LitmusProgram(test), model, changes)
        {
            IsStopped = isStopped,
            Forbidden = (x, traces) =>
            {
                Func<LitmusPlace, long> valueOf = ValuesOf(test, x, traces);
                if (forbidden is not null || test.Filter?.Holds(valueOf) == false || !IsAskedFor(test, valueOf)) return;
                forbidden = DrawnExecution.Of(test.Names, x, model.Broken(x));
            },
        };
        search.Run((x, traces) =>
        {
            Func<LitmusPlace, long> valueOf = ValuesOf(test, x, traces);
            if (test.Filter?.Holds(valueOf) == false) return true;
            if (traces.FirstOrDefault(trace => trace.Fault is not null) is { Fault: { } fault }) throw fault;
            string state =
                string.Concat(test.Observed.Select(place => $"{place.Name}={test.ValueText(valueOf(place))}; ")).TrimEnd();
            states[state] = states.GetValueOrDefault(state) + 1;
            if (test.Condition.Holds(valueOf)) positive++;
            else negative++;
            if (allowed is null && IsAskedFor(test, valueOf)) allowed = DrawnExecution.Of(test.Names, x, null);
            return true;
        });
        return new Outcome(states, positive, negative, !search.WasStopped, allowed ?? forbidden);
    }

    private static bool IsAskedFor(LitmusTest test, Func<LitmusPlace, long> valueOf) =>
        test.Condition.Holds(valueOf) != (test.Quantifier == LitmusQuantifier.ForAll);

    private static Func<LitmusPlace, long> ValuesOf(LitmusTest test, Execution x, IReadOnlyList<ThreadTrace> traces)
    {
        long[] final = CandidateSearch.FinalOf(x, test.Initial);
        return place => place.Thread < 0 ? final[place.Index] : traces[place.Thread].Results[place.Index];
    }
}

/// <summary>What can be asked of a test besides its states.</summary>
[Flags]
public enum LitmusQuestions
{
    None = 0,

    /// <summary>The smallest stronger orders that forbid what happens.</summary>
    Fix = 1,

    /// <summary>The orders that could be dropped.</summary>
    Spare = 2,
}
