using Lab.Explorer.Model;
using Lab.Explorer.Seam;
using Lab.Mmu;

namespace Lab.Explorer.Agents;

/// <summary>Runs agents one at a time on threads of their own and asks a <see cref="IGuide"/> before every event that another
/// agent could tell apart.</summary>
/// <remarks>
/// <para>Between two choices one agent makes a <em>stretch</em>: the event that was chosen, and the events after it that need no
/// choice: those on words that no other agent uses or that a lock protects, releases of locks and ends of read-side sections
/// (they can only be moved up), and the first access after a lock was taken (taking it can be moved down to it; Lipton
/// 1975).</para>
/// <para>Which words need no choice is learnt while exploring; when a word turns out to be shared after all,
/// <see cref="WordsChanged"/> says so, and what was concluded before is void.</para>
/// <para>A grace period ends as early as it can: in the step in which the last reader leaves. That is the worst case for whoever
/// uses what it frees.</para>
/// </remarks>
internal sealed partial class AgentController : Controller, IDisposable
{
    public const int DomainsMax = 8;

    /// <summary>Choices from here on are drains of store buffers.</summary>
    public const int FirstDrain = 16;

    private const int StepsPerAgentMax = 20_000;

    /// <summary>Steps from which on it is looked at whether an agent goes round in a circle.</summary>
    private const int StepsOfALoop = 1_500;

    /// <summary>Steps from which on an agent goes on only if nobody else can who has made fewer: whoever goes round in circles
    /// does not keep others from ending that.</summary>
    private const int StepsOfAFairTurn = 10_000;
    private const int RememberedMax = 4_000_000;
    private readonly Agent[] _agents = new Agent[SmallMemory.AgentsMax];
    private readonly AgentThread _home = new();
    private readonly int _cpu;
    private readonly Dictionary<ulong, Operation> _nextOf = [];
    private readonly List<(Operation Next, Wait Waits)> _firsts = [];
    private int _count;
    private int _current;
    private bool _starting;
    private bool _direct = true;
    private bool _ending;
    private bool _stop;
    private ExecutionEnd _end;
    private IGuide _guide = null!;
    private Footprint _footprint;

    public AgentController(int cpu, MemoryModel model)
    {
        _cpu = cpu;
        _model = model;
        for (int index = 0; index < _agents.Length; index++) _agents[index] = new Agent(index, new AgentThread());
    }

    /// <summary>Agent whose turn it is; what is set up beforehand counts as the last one's.</summary>
    public int CurrentIndex => _direct ? SmallMemory.AgentsMax - 1 : _current;

    public int AgentCount => _count;

    public ReadOnlySpan<Agent> Agents => _agents.AsSpan(0, _count);

    /// <summary>What the last stretch touched.</summary>
    public ref readonly Footprint LastFootprint => ref _footprint;

    /// <summary>Choices made so far in this execution.</summary>
    public List<byte> Picks { get; } = [];

    /// <summary>Events so far: time under control.</summary>
    public long Steps { get; private set; }

    /// <summary>Events of all executions, those that were recalled included.</summary>
    public long AllSteps { get; private set; }

    public Finding? Finding { get; private set; }

    /// <summary>The code under control did something that cannot be explored: its finding says what.</summary>
    public bool IsUncontrollable { get; private set; }

    /// <summary>Watches for broken promises; null for none.</summary>
    public RootWatch? Watch { get; set; }

    /// <summary>Writes the story of the execution; null, and costing nothing, while exploring.</summary>
    public StoryTeller? Teller { get; set; }

    /// <summary>Every read of a lock-protected field is taken to differ with the order of the critical sections before
    /// it.</summary>
    public bool OrdersAllLocks { get; set; }

    /// <summary>An agent that makes no event for so long never ends.</summary>
    public required TimeSpan StepTimeout { get; init; }

    /// <summary>A turn of one agent between dropping mmu_lock in a fast zap and taking it again cannot be interrupted (a lock
    /// downgrade).</summary>
    public bool GluesFastZap { get; set; }

    /// <summary>Forgets the last execution. Until <see cref="Run"/> events happen at once, on the caller's thread.</summary>
    public void Begin()
    {
        foreach (Agent agent in _agents) agent.Reset();
        _count = 0;
        _direct = true;
        _ending = false;
        Finding = null;
        IsUncontrollable = false;
        // The execution before may have ended at such a point.
        IsFinePoint = false;
        Picks.Clear();
        _footprint = default;
        ResetWords();
        ResetSleepers();
        ResetLocks();
        ResetGracePeriods();
        ResetQueues();
        Recorder = null;
        _undo = null;
    }

    /// <summary>Adds an agent to the execution that is being set up.</summary>
    public Agent Add(string name, Action body)
    {
        Agent agent = _agents[_count++];
        if (!agent.HasThread)
        {
            agent.HasThread = true;
            agent.Thread.Start($"agent {agent.Index}", _cpu, () => Serve(agent));
        }
        agent.Name = name;
        agent.Body = body;
        return agent;
    }

    /// <summary>What the agents do first is not known, or no longer: call <see cref="Probe"/> on an execution of its
    /// own.</summary>
    public bool NeedsProbe => _firsts.Count != _count;

    /// <summary>Lets each agent run to its first choice, which nobody can see, and ends the execution there: what they do first
    /// is known then.</summary>
    public void Probe()
    {
        _direct = false;
        _firsts.Clear();
        for (int index = 0; index < _count; index++)
        {
            _current = index;
            _starting = true;
            HandTo(_agents[index]);
        }
        _starting = false;
        for (int index = 0; index < _count; index++)
        {
            _firsts.Add((_agents[index].Pending, _agents[index].IsFinished ? Wait.None : _agents[index].Waits));
        }
        Unwind();
    }

    /// <summary>Runs the agents until all have ended, a promise is broken, or the guide cuts the execution short.</summary>
    public ExecutionEnd Run(IGuide guide)
    {
        _guide = guide;
        _direct = false;
        _end = ExecutionEnd.Complete;
        // A thread starts when it is chosen for the first time; what it does first is what it did in the probe.
        for (int index = 0; index < _count; index++)
        {
            _agents[index].IsFresh = true;
            (_agents[index].Pending, _agents[index].Waits) = _firsts[index];
        }
        _footprint = default;
        Recorder = Learner;
        Recorder?.Begin();
        int first = Choose(-1);
        if (first >= 0)
        {
            _current = first;
            HandTo(_agents[first]);
        }
        Unwind();
        if (Finding is not null) _end = ExecutionEnd.Violated;
        return _end;
    }

    /// <summary>Ends what has started and not ended.</summary>
    private void Unwind()
    {
        _ending = true;
        Recorder = null;
        for (int index = 0; index < _count; index++)
        {
            if (_agents[index].IsFinished || !_agents[index].IsStarted) continue;
            _current = index;
            HandTo(_agents[index]);
        }
        _direct = true;
    }

    /// <summary>Ends the execution at the present event: a promise is broken.</summary>
    public void Report(Finding finding)
    {
        Finding ??= finding;
    }

    public void Dispose()
    {
        _stop = true;
        foreach (Agent agent in _agents) if (agent.HasThread) agent.Thread.Wake();
        _sleepers.Dispose();
    }

    /// <summary>Gives the turn to an agent and waits, on the coordinating thread, until somebody gives it back.</summary>
    private void HandTo(Agent agent)
    {
        agent.Thread.Wake();
        for (long before = -1; !_home.TryAwait(StepTimeout); before = Steps)
        {
            if (Steps == before) throw new CodeNeverEndsException(
                _agents[_current].Name, StepTimeout, Holding(_agents[_current]), HoldsSpinning(_agents[_current]));
        }
    }

    /// <summary>Life of an agent's thread: one execution after the other.</summary>
    private void Serve(Agent agent)
    {
        Actor.Enter($"agent {agent.Index}");
        while (!_stop)
        {
            agent.IsStarted = true;
            agent.EventsSeen = Actor.Current.Events.Written;
            try
            {
                if (!_ending) agent.Body!();
                if (!_ending) Settle(agent);
                if (!_ending) Recorder?.At(agent, new LocalOp(LocalOpKind.End));
                if (!_ending) CheckHoldsNothing(agent);
            }
            catch (ExecutionEndedException) { }
            catch (ModelTooSmallException tooSmall)
            {
                IsUncontrollable = true;
                Report(new Finding("too small", "The model has room for the scenario.", tooSmall.Message));
            }
            catch (Exception error)
            {
                Report(new Finding("exception", "The code under exploration throws nothing.",
                    $"{agent.Name}: {error.GetType().Name}: {error.Message}"));
            }
            agent.IsFinished = true;
            agent.History = Mix((ulong)agent.Index, Salt.Finished, 0);
            HandOn(_ending || _starting || Finding is not null ? -1 : Choose(agent.Index));
            agent.Thread.Await();
        }
        Actor.Leave();
    }

    /// <summary>Called first in every event: the effects of the one before are complete now, and can be looked at.</summary>
    private Agent Enter(in LocalOp next)
    {
        Agent me = _agents[_current];
        if (_ending) throw ExecutionEndedException.Instance;
        Settle(me);
        Recorder?.At(me, next);
        if (++me.StepCount > StepsPerAgentMax)
        {
            // Others who could end it have had their turns.
            IsUncontrollable = me.Period == 0;
            Report(me.Period == 0
                ? new Finding("never ends", "The code under exploration ends.",
                    $"{me.Name} made more than {StepsPerAgentMax} steps in one execution")
                : Livelock($"{me.Name} goes round in a circle, which others change and do not end"));
            // Here and now: there may be no choice ahead at which it would stop.
            _home.Wake();
            me.Thread.Await();
            throw ExecutionEndedException.Instance;
        }
        Steps++;
        AllSteps++;
        if (me.StepCount > StepsOfALoop) LookForTurns(me);
        return me;
    }

    private void Settle(Agent me) => Watch?.AfterStep(me);

    /// <summary>A choice: the agent stops in front of its event until the guide lets it go on.</summary>
    private void Point(Agent me, Operation next, Wait waits = Wait.None)
    {
        me.Pending = next;
        me.Waits = waits;
        if (!IsFinePoint) CheckDeterminism(me, next);
        if (me.IsFresh)
        {
            // It was started because it was chosen for this event.
            me.IsFresh = false;
            me.Waits = Wait.None;
            return;
        }
        int chosen = _starting || Finding is not null ? -1 : Choose(me.Index);
        if (chosen != me.Index)
        {
            HandOn(chosen);
            me.Thread.Await();
        }
        if (_ending) throw ExecutionEndedException.Instance;
        me.Waits = Wait.None;
    }

    /// <summary>Gives the turn to an agent, or with −1 back to the coordinating thread; does not wait.</summary>
    private void HandOn(int chosen)
    {
        if (chosen < 0)
        {
            _home.Wake();
            return;
        }
        _current = chosen;
        _agents[chosen].Thread.Wake();
    }

    /// <summary>Asks the guide; drains store buffers on its behalf. −1 if the execution ends here.</summary>
    private int Choose(int current)
    {
        while (true)
        {
            uint enabled = Enabled();
            if (enabled == 0)
            {
                if (!IsComplete()) ReportStandstill();
                return -1;
            }
            int pick = _guide.Next(this, enabled, current);
            _footprint = default;
            if (pick < 0)
            {
                _end = ExecutionEnd.Cut;
                return -1;
            }
            Picks.Add((byte)pick);
            if (pick < FirstDrain) return pick;
            Drain(_agents[pick - FirstDrain]);
            if (Finding is not null) return -1;
        }
    }

    private uint Enabled()
    {
        uint enabled = 0, late = 0;
        for (int index = 0; index < _count; index++)
        {
            Agent agent = _agents[index];
            if (!agent.IsFinished && CanGoOn(agent)) enabled |= 1u << index;
            if (agent.Buffer.Count != 0) enabled |= 1u << (FirstDrain + index);
            if (agent.StepCount > StepsOfAFairTurn) late |= 1u << index;
        }
        return (enabled & ~late) != 0 ? enabled & ~late : enabled;
    }

    private bool CanGoOn(Agent agent) => agent.Waits switch
    {
        Wait.None => true,
        Wait.Exclusive or Wait.Shared => CanTake(agent),
        Wait.Readers => agent.Readers == 0,
        Wait.Change => HasChanged(agent),
        Wait.Woken => IsAwake(agent),
        Wait.Item => HasItem(agent),
        Wait.Flush => IsFlushed(agent),
        Wait.Callbacks => _callbacks.Count == 0,
        Wait.Drained => agent.Buffer.Count == 0,
        _ => IsAloneButForWorkers(agent),
    };

    private bool IsAloneButForWorkers(Agent me)
    {
        for (int index = 0; index < _count; index++)
        {
            if (_agents[index] != me && !_agents[index].IsWorker && !_agents[index].IsFinished) return false;
        }
        return true;
    }

    private bool IsComplete()
    {
        for (int index = 0; index < _count; index++)
        {
            if (!_agents[index].IsFinished && !(_agents[index].IsWorker && _agents[index].Waits == Wait.Item)) return false;
        }
        return true;
    }
}

/// <summary>The program needs more roots, tables, locks or domains than the model has.</summary>
internal sealed class ModelTooSmallException(string message) : Exception(message);

/// <summary>An agent computes without end between two events; its thread cannot be stopped.</summary>
/// <param name="agent">Its name.</param>
/// <param name="limit">How long it was waited for.</param>
/// <param name="holding">", with mmu_lock held", or nothing.</param>
/// <param name="isDeadlock">Others wait for what it holds, and could not bring what it waits for.</param>
internal sealed class CodeNeverEndsException(string agent, TimeSpan limit, string holding, bool isDeadlock)
    : Exception($"{agent} has run for {limit.TotalSeconds:0.#} s without an event{holding}: the code under exploration never "
        + "ends, or waits for something outside the machine, as a plain field.")
{
    public bool IsDeadlock => isDeadlock;
}
