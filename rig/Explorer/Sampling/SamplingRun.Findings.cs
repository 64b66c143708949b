using System.Globalization;
using Lab.Explorer.Seam;

namespace Lab.Explorer.Sampling;

/// <content>What is said when an execution goes wrong, and how its end is judged.</content>
internal sealed partial class SamplingRun
{
    /// <summary>What the program observed at the end of the latest execution, if that was complete and it observes
    /// anything.</summary>
    public string? Outcome { get; private set; }

    /// <summary>Final values go to where the program looks for them.</summary>
    private void Judge()
    {
        for (int word = 0; word < _words; word++) _scene.Words[word].Value = _memory[word];
        Outcome = _scene.OutcomeOf?.Invoke();
        if (_scene.Complaint?.Invoke() is string complaint)
        {
            _finding = new Finding("check", "What the program checks at its end holds.", complaint);
        }
    }

    private void ReportStuck()
    {
        bool isLost = true;
        List<string> waits = [];
        for (int thread = 0; thread < _threads; thread++)
        {
            if ((_alive & (1u << thread)) == 0) continue;
            ref readonly SamplingEvent pending = ref _logs[thread][_counts[thread]];
            if (CanTake(thread, pending)) waits.Add($"{ThreadName(thread)} waits for {WordsAwaitedBy(thread)} to change");
            else
            {
                isLost = false;
                waits.Add($"{ThreadName(thread)} waits for {AwaitedIn(thread, pending)}");
            }
        }
        string what = string.Join("; ", waits);
        _finding = isLost
            ? new Finding("lost wake-up", "Every thread that waits for a word is followed by one that changes it.", what)
            : new Finding("deadlock", "Some thread can always continue until all have ended.", what);
    }

    private string WordsAwaitedBy(int thread)
    {
        List<string> words = [];
        for (int word = 0; word < _words; word++)
        {
            if (_seenSinceRelax[thread * _words + word] == _relaxTurn[thread])
            {
                words.Add($"{WordName(word)} = {Number(_seen[thread * _words + word])}");
            }
        }
        return string.Join(" or ", words);
    }

    private string AwaitedIn(int thread, in SamplingEvent pending)
    {
        int place = (int)pending.Place;
        List<string> holders = [];
        for (int other = 0; other < _threads; other++)
        {
            bool isHolder = pending.Kind == OperationKind.Synchronize
                ? IsAwaited(thread, other, place)
                : _owners[place] == other
                    || (pending.Kind == OperationKind.EnterExclusive && _sharers[place * _threads + other] > 0);
            if (!isHolder) continue;
            string note = other == thread ? " itself" : (_alive & (1u << other)) == 0 ? ", which has ended" : "";
            holders.Add($"{(other == thread ? "" : ThreadName(other))}{note}".Trim());
        }
        string who = string.Join(" and ", holders);
        return pending.Kind == OperationKind.Synchronize ? $"the read-side section of {who}"
            : $"{LockName(place)}, held by {who}";
    }

    private void ReportEndless(int thread)
    {
        string steps = _stepsPerThreadMax.ToString("N0", CultureInfo.InvariantCulture);
        bool isSpin = _repeats[thread] >= LoadsOfASpin;
        if (isSpin || _quietSteps[thread] >= StepsOfAPoll)
        {
            int[] seenIn = isSpin ? _seenInRun : _seenInPoll;
            int turn = isSpin ? _runTurn[thread] : _pollTurn[thread];
            List<string> words = [];
            for (int word = 0; word < _words; word++)
            {
                if (seenIn[thread * _words + word] == turn)
                {
                    words.Add($"{WordName(word)} = {Number(_seen[thread * _words + word])}");
                }
            }
            string loads = words.Count == 0 ? "reads nothing" : $"loads {string.Join(", ", words)} again and again";
            _finding = new Finding("livelock", "No thread spins on what nobody will change.",
                $"{ThreadName(thread)} has made {steps} steps and {loads}; nobody else can continue");
        }
        else
        {
            ReportUncontrollable(
                new Finding("never ends", "Every thread ends.", $"{ThreadName(thread)} has made {steps} steps and continues"));
        }
    }

    private void ReportNotHeld(int thread, int place) =>
        _finding ??= new Finding("check", "A lock is released by its holder.",
            $"{ThreadName(thread)} releases {LockName(place)}, which it does not hold");

    private void ReportUncontrollable(Finding finding)
    {
        _finding = finding;
        _isUncontrollable = true;
    }

    /// <param name="now">What the thread does this time.</param>
    private void Diverge(string now)
    {
        if (_finding is not null) return;
        if (_isChecking)
        {
            _finding = GuessedWrong;
            return;
        }
        string before = _cursor < _past || _isGranted ? TextOfRequest(_log[_cursor]) : "it ended";
        ReportUncontrollable(new Finding("nondeterministic", "A thread does the same whenever it reads the same.",
            $"{ThreadName(_thread)}, event {_cursor + 1}: before: {before}; now: {now}"));
    }

    /// <summary>The event before anything has come of it.</summary>
    private string TextOfRequest(in SamplingEvent asked)
    {
        switch (asked.Kind)
        {
            case OperationKind.Load:
                return $"load {WordName(WordAt(asked.Place))}";
            case OperationKind.Store:
                return $"store {WordName(WordAt(asked.Place))} = {Number(asked.Operand)}";
            case OperationKind.Modify:
                string wanted = asked.How == Modification.CompareExchange ? $" if {Number(asked.Comparand)}" : "";
                return $"{NameOf(asked.How)} {WordName(WordAt(asked.Place))} {Number(asked.Operand)}{wanted}";
            default:
                return TextOfLock(asked);
        }
    }

    /// <summary>The event and what came of it.</summary>
    private string TextOf(in SamplingEvent done)
    {
        switch (done.Kind)
        {
            case OperationKind.Load:
                return $"load {WordName(done.Target)} = {Number(done.Result)}";
            case OperationKind.Modify when done.How == Modification.CompareExchange && done.Result != done.Comparand:
                return $"cmpxchg {WordName(done.Target)} = {Number(done.Result)}, not {Number(done.Comparand)}";
            case OperationKind.Modify:
                return $"{NameOf(done.How)} {WordName(done.Target)} {Number(done.Result)}→{Number(Modified(done, done.Result))}";
            default:
                return TextOfRequest(done);
        }
    }

    private string TextOfLock(in SamplingEvent asked)
    {
        int place = (int)asked.Place;
        return asked.Kind switch
        {
            OperationKind.Local => "fence",
            OperationKind.Everything => "interrupt the vCPUs",
            OperationKind.EnterShared => $"lock {LockName(place)} shared",
            OperationKind.ExitShared => $"unlock {LockName(place)} shared",
            OperationKind.EnterExclusive => $"lock {LockName(place)}",
            OperationKind.ExitExclusive => $"unlock {LockName(place)}",
            OperationKind.IsContended => $"is {LockName(place)} contended?",
            OperationKind.EnterRcu => $"rcu_read_lock {LockName(place)}",
            OperationKind.ExitRcu => $"rcu_read_unlock {LockName(place)}",
            _ => asked.Operand == 0 ? $"synchronize {LockName(place)} begins" : $"synchronize {LockName(place)} ends",
        };
    }

    private static string NameOf(Modification how) => how switch
    {
        Modification.CompareExchange => "cmpxchg",
        Modification.Exchange => "exchange",
        Modification.Add => "add",
        Modification.Or => "or",
        _ => "and",
    };

    private string ThreadName(int thread) => _scene.Threads[thread].Name;

    private string WordName(int word) => word < 0 ? "an undeclared word" : _scene.Words[word].Name;

    /// <summary>Named for what it is, and numbered if there are more of its kind.</summary>
    private string LockName(int place)
    {
        Type type = _locks[place].GetType();
        string name = type.Name switch
        {
            "MmuLock" => "mmu_lock",
            "TicketLock" => "spin lock",
            "SleepingLock" => "mutex",
            "RwSemaphore" => "semaphore",
            "Rcu" => "rcu",
            _ => type.Name,
        };
        int before = 0;
        int all = 0;
        for (int other = 0; other < _locks.Count; other++)
        {
            if (_locks[other].GetType() != type) continue;
            all++;
            if (other < place) before++;
        }
        return all == 1 ? name : $"{name} {before + 1}";
    }

    /// <summary>Small numbers as they are, negative ones with their sign, the rest as addresses and bit masks are read.</summary>
    private static string Number(ulong value) => value switch
    {
        < 1_000_000 => value.ToString(CultureInfo.InvariantCulture),
        > ulong.MaxValue - 1_000_000 => unchecked((long)value).ToString(CultureInfo.InvariantCulture),
        _ => $"0x{value:x}",
    };
}
