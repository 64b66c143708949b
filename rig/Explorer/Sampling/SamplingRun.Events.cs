using Lab.Explorer.Seam;
using Lab.Mmu;

namespace Lab.Explorer.Sampling;

/// <content>What a body asks for: told from the past, done, or left for later.</content>
internal sealed partial class SamplingRun
{
    public override ulong Load(nint word)
    {
        if (_cursor < _past)
        {
            ref readonly SamplingEvent done = ref _log[_cursor];
            if (done.Kind == OperationKind.Load && done.Place == word)
            {
                _cursor++;
                return done.Result;
            }
        }
        return Act(new SamplingEvent { Kind = OperationKind.Load, Place = word });
    }

    public override void Store(nint word, ulong value) =>
        _ = Act(new SamplingEvent { Kind = OperationKind.Store, Place = word, Operand = value });

    public override ulong Modify(nint word, Modification how, ulong operand, ulong comparand)
    {
        if (_cursor < _past)
        {
            ref readonly SamplingEvent done = ref _log[_cursor];
            if (done.Kind == OperationKind.Modify && done.Place == word && done.How == how && done.Operand == operand
                && done.Comparand == comparand)
            {
                _cursor++;
                return done.Result;
            }
        }
        return Act(
            new SamplingEvent { Kind = OperationKind.Modify, How = how, Place = word, Operand = operand, Comparand = comparand });
    }

    public override void Fence() => _ = Act(new SamplingEvent { Kind = OperationKind.Local });

    public override void Interrupt() => _ = Act(new SamplingEvent { Kind = OperationKind.Everything });

    public override void EnterShared(object theLock) => _ = Act(OperationKind.EnterShared, theLock);

    public override void ExitShared(object theLock) => _ = Act(OperationKind.ExitShared, theLock);

    public override void EnterExclusive(object theLock) => _ = Act(OperationKind.EnterExclusive, theLock);

    public override void ExitExclusive(object theLock) => _ = Act(OperationKind.ExitExclusive, theLock);

    public override bool IsContended(object theLock) => Act(OperationKind.IsContended, theLock) != 0;

    public override void EnterRcu(Rcu rcu) => _ = Act(OperationKind.EnterRcu, rcu);

    public override void ExitRcu(Rcu rcu) => _ = Act(OperationKind.ExitRcu, rcu);

    public override void Synchronize(Rcu rcu)
    {
        _ = Act(OperationKind.Synchronize, rcu);
        _ = Act(new SamplingEvent { Kind = OperationKind.Synchronize, Place = NumberOf(rcu), Operand = 1 });
    }

    public override long Timestamp() => _mode == Mode.Ghost ? _steps : _cursor == 0 ? 0 : _log[_cursor - 1].Step;

    /// <remarks>No event: it makes the thread's next one wait.</remarks>
    public override void Relax()
    {
        if (_mode == Mode.Ghost) _ghostEvents = Math.Max(_ghostEvents, GhostEventsFromMemory);
        else if (_cursor == _past && !_isGranted && _mode == Mode.Live) WaitForChange(_thread);
        _relaxes = true;
    }

    private ulong Act(OperationKind kind, object theLock) => Act(new SamplingEvent { Kind = kind, Place = NumberOf(theLock) });

    private ulong Act(in SamplingEvent asked)
    {
        if (_mode == Mode.Ghost) return ActAsGhost(asked);
        if (_cursor < _past)
        {
            ref readonly SamplingEvent done = ref _log[_cursor];
            if (done.IsSameRequest(asked))
            {
                _cursor++;
                return done.Result;
            }
            return Leave(asked);
        }
        if (_mode == Mode.Past) return Leave(asked);
        int thread = _thread;
        if (_isGranted)
        {
            if (!_log[_cursor].IsSameRequest(asked)) return Leave(asked);
            _isGranted = false;
        }
        else
        {
            if (!Announce(thread, asked)) return BecomeGhost(asked);
            Advance();
            if (_picked != thread) return BecomeGhost(asked);
        }
        return Do(thread);
    }

    /// <summary>Notes what the thread is about to do. False if it cannot be done at all, or is only to be learnt.</summary>
    private bool Announce(int thread, in SamplingEvent asked)
    {
        if (_cursor == _log.Length)
        {
            Array.Resize(ref _log, _cursor * 2);
            _logs[thread] = _log;
        }
        ref SamplingEvent pending = ref _log[_cursor];
        pending = asked;
        pending.Target = asked.Kind is OperationKind.Load or OperationKind.Store or OperationKind.Modify ? WordAt(asked.Place)
            : _words + (int)asked.Place;
        if (pending.Target < 0)
        {
            ReportUncontrollable(new Finding("undeclared word", "Threads share nothing but the words that the program declares.",
                $"{_scene.Threads[thread].Name} uses a word at 0x{asked.Place:x} which the program did not declare"));
            return false;
        }
        Expect(thread, pending);
        return !_isLearning;
    }

    /// <summary>Tells the scheduler what the thread is about to do, and notes whether it might have to wait for that.</summary>
    private void Expect(int thread, in SamplingEvent pending)
    {
        _next[thread] = OperationOf(thread, pending);
        uint bit = 1u << thread;
        bool mayWait = (_waiting & bit) != 0
            || pending.Kind is OperationKind.EnterShared or OperationKind.EnterExclusive or OperationKind.Synchronize;
        _conditional = mayWait ? _conditional | bit : _conditional & ~bit;
    }

    /// <summary>Does the event that the thread is about to do, and goes past it.</summary>
    private ulong Do(int thread)
    {
        ref SamplingEvent done = ref _log[_cursor];
        done.Result = Take(thread, done);
        done.Step = ++_steps;
        NoteStep(thread);
        _past = ++_cursor;
        _counts[thread] = _cursor;
        _beats++;
        if (_cursor >= _stepsPerThreadMax) ReportEndless(thread);
        return done.Result;
    }

    /// <summary>The body does not do what it did: the end of this execution.</summary>
    private ulong Leave(in SamplingEvent asked)
    {
        if (asked.Kind is OperationKind.Load or OperationKind.Store or OperationKind.Modify && WordAt(asked.Place) < 0)
        {
            Diverge($"it uses a word at 0x{asked.Place:x}");
        }
        else Diverge(TextOfRequest(asked));
        return BecomeGhost(asked);
    }

    private ulong BecomeGhost(in SamplingEvent asked)
    {
        _mode = Mode.Ghost;
        _ghostEvents = 0;
        _cursor = _past = 0;
        return ActAsGhost(asked);
    }

    /// <summary>Events after which a ghost is unwound.</summary>
    private const int GhostEventsMax = 64;

    /// <summary>After so many events a ghost is told small numbers in turn, lest it wait for what is not going to
    /// happen.</summary>
    private const int GhostEventsFromMemory = 16;

    /// <summary>Tells what memory holds; small numbers are harmless as pointers too, which code might follow: they fault as null
    /// does.</summary>
    private ulong ActAsGhost(in SamplingEvent asked)
    {
        int events = ++_ghostEvents;
        if (events > GhostEventsMax) throw ExecutionEndedException.Instance;
        switch (asked.Kind)
        {
            case OperationKind.Load:
            case OperationKind.Modify:
                if (asked.How == Modification.CompareExchange && asked.Kind == OperationKind.Modify) return asked.Comparand;
                if (events > GhostEventsFromMemory) return (ulong)events & 15;
                int word = WordAt(asked.Place);
                return word < 0 ? 0 : _memory[word];
            default:
                return 0;
        }
    }
}
