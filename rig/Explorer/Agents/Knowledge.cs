namespace Lab.Explorer.Agents;

/// <summary>What is known of a program over all executions, taken out and put in: for searches in other processes, which must
/// number and choose alike.</summary>
internal sealed unsafe partial class AgentController
{
    // SAFETY: addresses are compared and kept as numbers, never followed.
    /// <summary>Grows with everything that gets a number.</summary>
    public int NumberedCount => _wordCount + _lockNumbers.Count + _domainNames.Count + _queues.Count + _sleepersOf.Count;

    public Learnt Learnt => new(
        [.. Enumerable.Range(1, _wordCount).Select(number => _words[number]).Select(word => new LearntWord(
            word.Address, word.Agents, word.IsWritten, word.IsShared, word.ReadLocks, word.WriteLocks))],
        [.. _lockNumbers.OrderBy(pair => pair.Value).Select(pair => pair.Key)], [.. _domainNames],
        [.. _queues.Select(queue => queue.Name)],
        [.. _sleepersOf.OrderBy(pair => pair.Value).Select(pair => (long)pair.Key)], OrdersAllLocks);

    /// <summary>What each agent did next after what it had seen: hash of the one, and of the other.</summary>
    public IEnumerable<(ulong Seen, ulong Next)> Programs => _nextOf.Select(
        pair => (pair.Key, ((ulong)pair.Value.Kind << 32) | (uint)pair.Value.Target));

    /// <summary>Knows this and nothing else, as if it had learnt it in this order. Between two executions.</summary>
    public void Know(Learnt learnt)
    {
        ForgetPrograms();
        _wordAt.Clear();
        _wordCount = SharedWords = 0;
        foreach (LearntWord word in learnt.Words)
        {
            _words[NumberOf((nint)word.Address)] = new WordUse
            {
                Address = (nint)word.Address, Agents = word.Agents, IsWritten = word.IsWritten, IsShared = word.IsShared,
                ReadLocks = word.ReadLocks, WriteLocks = word.WriteLocks,
            };
            if (word.IsShared) SharedWords++;
        }
        _lockNumbers.Clear();
        _lockOf.Clear();
        foreach (string name in learnt.Locks) _lockNumbers.Add(name, _lockNumbers.Count);
        _domainNames.Clear();
        _domainNames.AddRange(learnt.Domains);
        _queues.Clear();
        foreach (string name in learnt.Queues) _queues.Add(new QueueState(name, _queues.Count));
        _sleepersOf.Clear();
        foreach (long word in learnt.SleptOn) SleepersOf((nint)word);
        OrdersAllLocks = learnt.OrdersAllLocks;
        WordsChanged = false;
    }
}
