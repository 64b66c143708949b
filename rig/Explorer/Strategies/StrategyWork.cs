using System.Runtime.ExceptionServices;
using Lab.Explorer.Agents;
using Lab.Explorer.Seam;
using Lab.Mmu;

namespace Lab.Explorer.Strategies;

/// <summary>An exploration on threads of its own, which run while it has the turn. Whoever gives it the turn waits here and looks
/// whether the strategy comes back: its constructor runs on the explorer's own thread.</summary>
internal sealed class StrategyWork(string subject, VmDesign<Explored> design, StrategyTask task, Budget budget,
    Action<ExploreProgress>? observer, Func<StrategyRun, ExploreResult> explore)
{
    private static readonly TimeSpan Watch = TimeSpan.FromMilliseconds(100);
    private readonly int _workers = task.Settings.IsSample ? Math.Max(1, task.Settings.Workers) : 1;
    private readonly List<StrategyRun> _runs = [];
    private Turn? _turn;
    private ExploreResult?[] _results = [];
    private Exception? _failure;

    public StrategyTask Task => task;

    /// <summary>Null until it is through.</summary>
    public ExploreResult? Result { get; private set; }

    /// <summary>A load may overtake a store if there are store buffers.</summary>
    public bool MayOvertake => _runs.Exists(run => run.MayOvertake);

    public bool AddsTso { get; set; } = task.AddsTso;

    /// <summary>Gives it the turn for so long; true if it is through.</summary>
    /// <exception cref="ArgumentException">It cannot be explored at all.</exception>
    public bool Go(TimeSpan slice)
    {
        bool isNew = _turn is null;
        _turn ??= new Turn(budget, _workers);
        _turn.Begin(slice);
        if (isNew) Start(_turn);
        return AwaitTurn(_turn);
    }

    /// <summary>The result of an exploration that gets no further turn.</summary>
    public ExploreResult Abandon()
    {
        if (_turn is null) return StrategyRun.NotBegun(budget.IsSpent ? budget.Reason : "another scenario was found to fail");
        _turn.Abandon();
        AwaitTurn(_turn);
        return Result!;
    }

    private void Start(Turn turn)
    {
        _results = new ExploreResult?[_workers];
        for (int index = 0; index < _workers; index++)
        {
            int cpu = _workers == 1 ? AgentThread.CurrentCpu() : index % Environment.ProcessorCount;
            StrategyProgram program = new(design, task.Scenario, task.Settings, cpu);
            StrategyRun run = new(program, subject, task.Scenario, task.Settings, turn, index == 0 ? observer : null, index);
            _runs.Add(run);
            int number = index;
            new Thread(() =>
            {
                AgentThread.Pin(cpu);
                try
                {
                    _results[number] = Run(program, run);
                }
                catch (Exception error)
                {
                    _failure = error;
                }
                turn.Leave();
            }) { IsBackground = true, Name = $"explorer {index}" }.Start();
        }
    }

    /// <summary>A thread that never ends cannot be stopped: its program is left to it, memory and all.</summary>
    private ExploreResult Run(StrategyProgram program, StrategyRun run)
    {
        bool isLeft = false;
        try
        {
            return explore(run);
        }
        catch (CodeNeverEndsException error)
        {
            isLeft = true;
            return error.IsDeadlock ? run.Deadlocked(error.Message) : run.NeverEnds(error.Message);
        }
        catch (StrategyThrewException error)
        {
            return run.Threw(error);
        }
        catch (ModelTooSmallException error)
        {
            return run.TooSmall(error);
        }
        finally
        {
            if (!isLeft) program.Dispose();
            Actor.Leave();
        }
    }

    private bool AwaitTurn(Turn turn)
    {
        // Waits are counted, not time: a process that was stopped has waited once.
        int stuck = 0, waitsMax = (int)(task.Settings.StepTimeout / Watch) + 1;
        long setUps = -1;
        while (!turn.AwaitEnd(Watch))
        {
            StrategyRun? inSetUp = _runs.Find(run => run.Place is not null);
            long done = _runs.Sum(run => run.SetUps);
            stuck = inSetUp is null || done != setUps ? 0 : stuck + 1;
            setUps = done;
            if (inSetUp?.Place is not { } place || (stuck < waitsMax && !(budget.IsCancelled && stuck > 2))) continue;
            // Its thread goes on until the process ends; nobody waits for it.
            Result = budget.IsCancelled ? StrategyRun.NotBegun(budget.Reason)
                : inSetUp.NeverEnds($"{place} has run for {task.Settings.StepTimeout.TotalSeconds:0.#} s without coming back: "
                    + "the code under exploration never ends, or waits for something outside the machine");
            return true;
        }
        if (_failure is not null) ExceptionDispatchInfo.Throw(_failure);
        if (Array.Exists(_results, one => one is null)) return false;
        Result = _workers == 1 ? _results[0] : StrategyRun.Merge([.. _results.Select(one => one!)]);
        return true;
    }
}
