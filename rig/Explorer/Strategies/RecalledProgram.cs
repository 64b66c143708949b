using Lab.Explorer.Agents;
using Lab.Explorer.Model;
using Lab.Mmu;

namespace Lab.Explorer.Strategies;

/// <summary>Executions of a program for a <see cref="StateSearch"/>, of which only those are run whose steps nobody has seen. All
/// others go on from a state that was kept, by steps that are recalled.</summary>
/// <remarks>
/// <para>A run that learns goes on to its end: what comes behind the step that was not known is what the search wants to know
/// next. What is found there is left for the search to come to.</para>
/// <para>One in <see cref="ExecutionsPerCheck"/> and more at first are run as well, and must come to the same state: agents that
/// share what the machine does not see are found so, or by steps that contradict each other.</para>
/// </remarks>
internal sealed class RecalledProgram
{
    private const int ExecutionsPerCheck = 4096;
    private const int ExecutionsBetween = 65_536;
    private const int ExecutionsPerCheckBetween = 512;
    private const int FirstExecutions = 512;
    private const int ExecutionsPerCheckAtFirst = 16;
    private readonly StrategyProgram _program;
    private readonly AgentController _agents;
    private readonly LocalSteps _steps = new();
    private readonly MemoryShadow _shadow;
    private readonly VmFacts _recorded;
    private readonly VmFacts _facts;
    private readonly List<RecalledState> _states = [];
    private readonly HashSet<ulong> _ends = [];
    private long _executions;
    private bool _isCurrent;

    public RecalledProgram(StrategyProgram program, int vcpus, int frames)
    {
        _program = program;
        _agents = program.Agents;
        List<Memslot[]> versions = [];
        _shadow = new MemoryShadow(program.Memory);
        _recorded = new VmFacts(vcpus, frames, versions);
        _facts = new VmFacts(vcpus, frames, versions);
        _agents.Learner = new StepRecorder(_steps, _shadow, _recorded);
        program.Facts = _recorded;
    }

    /// <summary>Executions that were run.</summary>
    public long Runs { get; private set; }

    /// <summary>It cannot be gone on with: agents do what does not follow from what they have heard, or for too long.</summary>
    public bool HasFailed { get; private set; }

    public string? WhyFailed { get; private set; }

    public void Forget()
    {
        _steps.Clear();
        Restart();
    }

    /// <summary>The search begins anew.</summary>
    public void Restart()
    {
        _ends.Clear();
        _isCurrent = false;
    }

    /// <summary>The next execution of the search. If <see cref="HasFailed"/> is set on return, nothing was executed.</summary>
    public ExecutionEnd Execute(StateSearch search)
    {
        int depth = search.Depth;
        if (!_isCurrent && !Drive(search.Path(), depth - 1)) return Stop(out _);
        ExecutionEnd end;
        int pick;
        if (depth == 0)
        {
            search.BeginExecution();
            pick = _agents.ChooseRecalled(search, -1, out end);
        }
        else
        {
            _agents.Load(_states[depth - 1]);
            pick = search.GoOn();
            _agents.TakePick(pick);
            end = ExecutionEnd.Complete;
        }
        while (pick >= 0)
        {
            int at = search.Depth - 1;
            // Kept before the choice: the pick is the last of what was picked.
            if (search.ComesBack && (at != depth - 1 || depth == 0)) Keep(at);
            switch (_agents.GoOn(pick))
            {
                case AgentController.Stretch.Choice:
                    break;
                case AgentController.Stretch.TooLong:
                    return Fail("an agent goes on for too long");
                case AgentController.Stretch.Broken:
                    return Confirm();
                default:
                    byte[] picks = [.. _agents.Picks];
                    if (Run(new TracedGuide(picks, goesOn: true)) is { } seen) return seen;
                    if (!Drive(picks, picks.Length - 1)) return Stop(out _);
                    _agents.TakePick(pick);
                    if (_agents.GoOn(pick) != AgentController.Stretch.Choice) return Fail("what was run is not what is recalled");
                    break;
            }
            if (_agents.WordsChanged) return Stop(out _);
            depth = 0;
            pick = _agents.ChooseRecalled(search, pick, out end);
            if (_agents.Finding is not null) return Confirm();
        }
        if (_agents.NeedsOrderOfLocks) return Stop(out _);
        _executions++;
        bool isSample = _executions % (_executions < FirstExecutions ? ExecutionsPerCheckAtFirst
            : _executions < ExecutionsBetween ? ExecutionsPerCheckBetween : ExecutionsPerCheck) == 0;
        // What is left when all have ended, oracles look at in many ways, and executions come to few different ends.
        bool isNewEnd = end == ExecutionEnd.Complete && _ends.Add(_agents.StateHash());
        return isNewEnd || isSample || _agents.HasUsedStepOften ? Check(end) : end;
    }

    /// <summary>Runs the execution that was recalled: it must come to the same state.</summary>
    private ExecutionEnd Check(ExecutionEnd end)
    {
        byte[] picks = [.. _agents.Picks];
        ulong state = _agents.StateHash();
        Footprint footprint = _agents.LastFootprint;
        TracedGuide guide = new(picks);
        if (Run(guide) is { } seen) return seen;
        if (end == ExecutionEnd.Cut ? guide.State != state : guide.State is not null)
        {
            return Doubt("an execution that was run came to another state than when it was recalled");
        }
        _agents.PutBack(footprint);
        return end;
    }

    private void Keep(int at)
    {
        while (_states.Count <= at) _states.Add(new RecalledState());
        _agents.Save(_states[at]);
        _states[at].Picks--;
    }

    /// <summary>What is recalled to be broken is run: then there is a finding with its words.</summary>
    private ExecutionEnd Confirm()
    {
        if (Run(new TracedGuide([.. _agents.Picks])) is { } end && end == ExecutionEnd.Violated) return end;
        return Fail("what was recalled to be broken is not when it is run");
    }

    /// <summary>Runs what was picked and no more, so that what is found is what a search that runs everything finds here. Null if
    /// the search can go on from where it is.</summary>
    private ExecutionEnd? Run(TracedGuide guide)
    {
        _isCurrent = false;
        Runs++;
        ExecutionEnd end = _program.Execute(guide);
        if ((end == ExecutionEnd.Violated && !guide.IsBehind) || _agents.WordsChanged || _agents.NeedsOrderOfLocks) return end;
        if (guide.HasDiverged) return Doubt("a run could not follow an execution that was recalled");
        return _steps.Contradicted ? Doubt("agents that had heard the same did not do the same") : null;
    }

    /// <summary>An execution is set up, and brought to where so many picks lead; the states on the way are kept.</summary>
    private bool Drive(ReadOnlySpan<byte> picks, int count)
    {
        _program.Prepare();
        _recorded.Take();
        _agents.BeginRecall(_steps, _shadow);
        _recorded.CopyTo(_facts);
        _facts.ForgetKept();
        _program.Watch.Facts = _facts;
        _isCurrent = true;
        for (int at = 0; at <= count; at++)
        {
            _agents.TakePick(picks[at]);
            Keep(at);
            if (at == count)
            {
                _agents.Load(_states[at]);
                return true;
            }
            if (_agents.GoOn(picks[at]) != AgentController.Stretch.Choice)
            {
                Fail("the way back is not known");
                return false;
            }
        }
        return true;
    }

    private ExecutionEnd Stop(out bool isCurrent)
    {
        isCurrent = _isCurrent = false;
        return ExecutionEnd.Cut;
    }

    /// <summary>What agents do does not follow from what they have heard. It may once they hear the order of critical
    /// sections.</summary>
    private ExecutionEnd Doubt(string why)
    {
        if (_agents.OrdersAllLocks) return Fail(why);
        _agents.AskForOrderOfLocks();
        return Stop(out _);
    }

    private ExecutionEnd Fail(string why)
    {
        (HasFailed, WhyFailed, _isCurrent) = (true, why, false);
        return ExecutionEnd.Cut;
    }
}
