namespace Lab.Explorer.Sampling;

/// <content>Running a body from its start: as itself, as a ghost, or to see whether it does the same.</content>
internal sealed partial class SamplingRun
{
    private enum Mode
    {
        /// <summary>Fed with the past, then making new steps.</summary>
        Live,

        /// <summary>Fed with the past, which must be all there is.</summary>
        Past,
        Ghost,
    }

    private Mode _mode;
    private int _thread;
    private SamplingEvent[] _log = [];
    private int _cursor;
    private int _past;
    private bool _isGranted;
    private int _ghostEvents;

    /// <summary>Runs the picked thread's body: its past, its new step, and on for as long as it is picked again.</summary>
    private void RunBody(int thread)
    {
        Enter(thread, Mode.Live);
        _isGranted = true;
        if (!Run(thread) || _finding is not null) return;
        if (_isGranted)
        {
            Diverge("it ended");
            return;
        }
        _alive &= ~(1u << thread);
        Advance();
    }

    /// <summary>Every thread once more, from its start to its end, as it was in this execution.</summary>
    private void RunAllAgain()
    {
        for (int thread = 0; thread < _threads && _finding is null; thread++)
        {
            Enter(thread, Mode.Past);
            if (Run(thread) && _finding is null && _cursor < _past) Diverge("it ended");
        }
    }

    private void Enter(int thread, Mode mode)
    {
        _beats++;
        _thread = thread;
        _log = _logs[thread];
        _cursor = 0;
        _past = _counts[thread];
        _isGranted = false;
        _mode = mode;
    }

    /// <summary>True if the body ran to its end as itself and not as a ghost.</summary>
    private bool Run(int thread)
    {
        try
        {
            _bodies[thread](_machine);
        }
        catch (Exception) when (_mode == Mode.Ghost)
        {
            // Whatever code does with made-up values says nothing about it.
        }
        catch (NotSupportedException unsupported) when (unsupported.Message.StartsWith(nameof(SamplingRun),
            StringComparison.Ordinal))
        {
            ReportUncontrollable(
                new Finding("unsupported", "A program explored by random search uses what that models.", unsupported.Message));
        }
        catch (Exception thrown) when (_cursor < _past || _isGranted)
        {
            Diverge($"it threw {thrown.GetType().Name}: {thrown.Message}");
        }
        catch (Exception thrown)
        {
            _finding = new Finding("exception", "No thread ends with an exception.",
                $"{_scene.Threads[thread].Name} threw {thrown.GetType().Name}: {thrown.Message}");
        }
        return _mode != Mode.Ghost;
    }

    /// <summary>Runs each body up to its first event, which it does before it has read anything and so does every time.</summary>
    private void LearnFirstEvents()
    {
        _hasLearnt = true;
        _isLearning = true;
        ResetMemory();
        for (int thread = 0; thread < _threads && _finding is null; thread++)
        {
            Enter(thread, Mode.Live);
            if (!Run(thread)) _firstAlive |= 1u << thread;
        }
        _isLearning = false;
        _findingBeforeEvents = _finding;
        _firstConditional = _conditional;
        _next.AsSpan(0, _threads).CopyTo(_firstNext);
    }
}
