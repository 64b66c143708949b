using Lab.Explorer.Schedules;

namespace Lab.Explorer.Sampling;

/// <content> Most programs ask for the same events in every execution, whatever they read. So the whole execution is first made
/// without running any body, on the guess that each thread asks for what it asked for last time; then every body is run once, fed
/// with what came of that. If all of them do as guessed, it was an execution like any other, at a small part of the price. If
/// not, it is made again step by step, with the same random choices: the schedules that a seed gives do not depend on guesses.
/// </content>
internal sealed partial class SamplingRun
{
    private const int RestMax = 64;

    /// <summary>Stands for whatever went wrong in an execution that was only guessed.</summary>
    private static readonly Finding GuessedWrong = new("", "", "");

    /// <summary>Events of each thread in the last complete execution; their requests are still in the logs if
    /// <see cref="_isKnown"/>.</summary>
    private int[] _known = [];
    private bool _isKnown;
    private bool _isChecking;

    /// <summary>A body relaxes: its waits are no events, which is more than a guess can tell.</summary>
    private bool _relaxes;

    // After a wrong guess none is made for a while, twice as long each time.
    private int _rest;
    private int _restNext = 1;

    private bool MayGuess() => _isKnown && !_relaxes && --_rest < 0;

    private void Learn()
    {
        if (_known.Length == 0) _known = new int[_threads];
        _counts.CopyTo(_known, 0);
        _isKnown = true;
    }

    /// <summary>Makes one execution by guessing; false if it was none, and nothing is said about the program.</summary>
    private bool Guess(DrawingScheduler scheduler)
    {
        scheduler.Begin(Slots);
        Advance();
        while (_picked >= 0)
        {
            MakeKnownStep(_picked);
            Advance();
        }
        if (_finding is null && !IsStopping)
        {
            _isChecking = true;
            RunAllAgain();
            _isChecking = false;
        }
        if (_finding is null && !_relaxes && !IsStopping)
        {
            scheduler.End(_steps);
            _restNext = 1;
            return true;
        }
        _rest = _restNext;
        _restNext = Math.Min(RestMax, _restNext * 2);
        return false;
    }

    private void MakeKnownStep(int thread)
    {
        _log = _logs[thread];
        _cursor = _counts[thread];
        _ = Do(thread);
        if (_cursor == _known[thread]) _alive &= ~(1u << thread);
        else Expect(thread, _log[_cursor]);
    }
}
