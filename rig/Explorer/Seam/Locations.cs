using System.Runtime.CompilerServices;

namespace Lab.Explorer.Seam;

/// <summary>Everything that events of a graph are about, numbered: the scene's words first, then a hidden word per lock and per
/// thread of an RCU domain, in the order in which they are first used.</summary>
internal sealed class Locations(Scene scene, WordPool pool)
{
    private readonly Dictionary<(object Owner, int Thread), int> _hidden = new(new ByIdentity());
    private readonly List<string> _hiddenNames = [];

    internal int Count => scene.Words.Count + _hiddenNames.Count;

    internal int WordCount => scene.Words.Count;

    internal ulong InitialOf(int location) => location < scene.Words.Count ? scene.Words[location].Initial : 0;

    internal string NameOf(int location) =>
        location < scene.Words.Count ? scene.Words[location].Name : _hiddenNames[location - scene.Words.Count];

    /// <summary>Throws <see cref="NotSupportedException"/> for an address that is no word of the scene.</summary>
    internal int OfWord(nint address)
    {
        int index = pool.IndexOf(address);
        return index >= 0 ? index
            : throw new NotSupportedException("The program touches a word that its scene does not declare.");
    }

    internal int OfLock(object theLock) => OfHidden(theLock, -1);

    /// <summary>The word that says whether a thread is inside a read-side section of a domain.</summary>
    internal int OfReader(object domain, int thread) => OfHidden(domain, thread);

    private int OfHidden(object owner, int thread)
    {
        if (_hidden.TryGetValue((owner, thread), out int location)) return location;
        location = Count;
        _hidden.Add((owner, thread), location);
        int sameKind = _hidden.Keys.Count(key => key.Thread == thread && key.Owner.GetType() == owner.GetType());
        string name = sameKind == 1 ? owner.GetType().Name : $"{owner.GetType().Name}#{sameKind}";
        _hiddenNames.Add(thread < 0 ? name : $"{name} section of {scene.Threads[thread].Name}");
        return location;
    }

    private sealed class ByIdentity : IEqualityComparer<(object Owner, int Thread)>
    {
        public bool Equals((object Owner, int Thread) x, (object Owner, int Thread) y) =>
            ReferenceEquals(x.Owner, y.Owner) && x.Thread == y.Thread;

        public int GetHashCode((object Owner, int Thread) key) =>
            HashCode.Combine(RuntimeHelpers.GetHashCode(key.Owner), key.Thread);
    }
}
