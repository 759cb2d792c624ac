namespace Mana.PersonaRunner.Ticks.Cluster;

/// <summary>
/// The nodes that were told to wait, in the order in which they came: what becomes free belongs to the first, although
/// another one may happen to ask sooner. A node that does not come back in time loses its place.
/// </summary>
internal sealed class LlmTurns
{
    /// <summary>The longest that a node sleeps before it asks again, since a wait may turn out shorter.</summary>
    public static readonly TimeSpan LongestSleep = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(250);

    private readonly List<(string Node, TimeSpan Until)> _waiting = [];

    /// <summary>How many others come first.</summary>
    public int Ahead(string node, TimeSpan now)
    {
        if (_waiting.Count == 0)
        {
            return 0;
        }

        _waiting.RemoveAll(turn => turn.Until < now);
        var place = Place(node);
        return place < 0 ? _waiting.Count : place;
    }

    public void Wait(string node, TimeSpan wait, TimeSpan now)
    {
        var turn = (node, now + (wait < LongestSleep ? wait : LongestSleep) + Grace);
        var place = Place(node);
        if (place < 0)
        {
            _waiting.Add(turn);
        }
        else
        {
            _waiting[place] = turn;
        }
    }

    public void Leave(string node)
    {
        if (Place(node) is var place and >= 0)
        {
            _waiting.RemoveAt(place);
        }
    }

    private int Place(string node)
    {
        for (var i = 0; i < _waiting.Count; i++)
        {
            if (_waiting[i].Node == node)
            {
                return i;
            }
        }

        return -1;
    }
}
